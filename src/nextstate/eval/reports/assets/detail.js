// One row: what was asked, what is true, what was said, where they differ, and what the judge thought of it.
class Detail {
  constructor(data, list) {
    Object.assign(this, { data, list, shown: -1, asked: 0 });
    this.dialog = byId("detail");
    this.dialog.addEventListener("close", () => this.closed());
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    addEventListener("hashchange", () => this.follow());
    this.follow();
  }

  // Open the row that the address names, or close what is open.
  follow() {
    const hash = location.hash.slice(1), n = this.data.byAddress.get("#" + hash) ?? -1;
    if (n >= 0) this.open(n);
    else if (this.dialog.open) this.dialog.close();
  }

  closed() {
    const n = this.shown;
    this.shown = -1;
    if (this.data.byAddress.has(location.hash)) history.replaceState(null, "", location.pathname + location.search);
    const at = this.list.found.indexOf(n);
    if (at >= 0 && Math.floor(at / PAGE) !== this.list.page) { this.list.page = Math.floor(at / PAGE); this.list.draw(); }
    if (n >= 0) [...byId("list").querySelectorAll("tbody a")].find((link) => link.getAttribute("href") === address(this.data, n))?.focus();
  }

  key(event) {
    if (event.target.closest("input, select, .text")) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { this.step(step); event.preventDefault(); }
  }

  step(step) {
    const at = this.list.found.indexOf(this.shown), next = this.list.found[at + step];
    if (next !== undefined) location.replace(address(this.data, next));
  }

  async open(n) {
    if (n === this.shown) return;
    this.shown = n;
    const asked = ++this.asked, { rows } = this.data;
    const content = make("div", {}, make("p", { class: "soft" }, "Unpacking…"));
    this.dialog.replaceChildren(this.top(n), content);
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    if (rows.part[n] < 0) return void content.replaceChildren(this.facts(n), make("p", { class: "note" }, "The texts of this row are not in this page, which would have become too large. The run's folder has them."));
    const found = await part(rows.part[n]).catch((error) => content.replaceChildren(make("p", { class: "note" }, "These texts cannot be unpacked: " + error)));
    if (!found) return;
    if (asked === this.asked) content.replaceChildren(this.facts(n), ...this.sections(n, found, found.rows[rows.at[n]]));
  }

  top(n) {
    const at = this.list.found.indexOf(n), button = (title, step) => make("button", { type: "button", disabled: at < 0 || this.list.found[at + step] === undefined, click: () => this.step(step) }, title);
    return make("header", {}, make("h2", { id: "detail-title" }, this.data.rows.key[n]), button("← Previous", -1), button("Next →", 1),
      make("button", { type: "button", autofocus: true, click: () => this.dialog.close() }, "Close (Esc)"));
  }

  facts(n) {
    const { data } = this, { rows, names } = data, run = data.summary.runs[rows.run[n]], list = make("dl", { class: "facts" });
    const add = (name, value) => list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
    add("run", runLabel(data, rows.run[n]));
    add("domain", names.domain[rows.domain[n]]);
    add("trajectory, turn", rows.trajectory[n] + ", " + rows.turn[n]);
    add("outcome", names.outcome[rows.outcome[n]]);
    add("answered by", names.origin[rows.origin[n]] ?? "nobody");
    add("latency", time(rows.ms[n]));
    if (rows.tokens[n]) add("tokens", whole.format(rows.tokens[n]));
    for (const name of this.list.names) if (rows.scores[name][n] !== null) add(scoreTitle(data, name), plain(rows.scores[name][n]));
    const judged = run.judge ? make("p", { class: run.uncalibrated ? "note" : "soft" }, "Judge: " + run.judge + (run.uncalibrated ? " — " + UNCALIBRATED : "")) : null;
    return make("div", {}, list, judged);
  }

  sections(n, found, row) {
    const turn = found.turns?.[row.turn], shown = [];
    if (turn) shown.push(titled("Action", turn[0]));
    else shown.push(make("p", { class: "note" }, this.data.noData));
    shown.push(...this.said(row, turn), this.notes(row), this.others(n));
    if (turn) shown.push(this.setup(found), this.history(n, found, row));
    return shown.filter(Boolean);
  }

  said(row, turn) {
    const truth = turn && titled("Truth", turn[1]), has = row.prediction !== null, parts = [];
    if (has && turn) parts.push(difference(turn[1], row.prediction, row.difference));
    const prediction = has ? titled("Prediction", row.prediction) : make("div", {}, make("h3", {}, "Prediction"), make("p", { class: "note" }, "There is none. " + (row.detail || "")));
    parts.push(make("div", { class: "sides" }, truth, prediction));
    if (row.reply) parts.push(titled("Raw reply of the model", row.reply));
    if (has && row.detail) parts.push(make("p", { class: "soft" }, row.detail));
    return parts;
  }

  notes(row) {
    const notes = Object.entries(row.notes);
    if (!notes.length) return null;
    return make("section", {}, make("h3", {}, "What the judge or scorer said"), ...notes.map(([name, words]) => make("div", {}, make("b", {}, name),
      words.length > 3000 ? plainText(name, words) : make("div", { class: "words" }, ...words.split("\n").flatMap((line) => [line, make("br")])))));
  }

  // What other runs answered to the same row.
  others(n) {
    const { data } = this, { rows, names } = data, same = data.byKey.get(rows.key[n]).filter((other) => other !== n);
    if (!same.length) return null;
    const line = (other) => make("tr", {}, make("td", { class: "l" }, make("a", { href: address(data, other) }, runLabel(data, rows.run[other]))), cell(names.outcome[rows.outcome[other]], true),
      ...this.list.names.map((name) => cell(plain(rows.scores[name][other]))));
    return table("The same row in other runs", [["run", true], ["outcome", true], ...this.list.names.map((name) => [scoreTitle(data, name)])], same.map(line));
  }

  setup(found) {
    const texts = Object.entries(found.setup);
    return lazily("Set-up", () => texts.length ? texts.map(([title, text]) => titled(title, text, "h4")) : [make("p", { class: "empty" }, "nothing was said")]);
  }

  history(n, found, row) {
    const free = this.data.summary.runs[row.run].free_run;
    const shown = (turn) => free ? found.rows.find((other) => other.run === row.run && other.turn === turn)?.prediction ?? "" : found.turns[turn][1];
    const turns = Array.from({ length: row.turn }, (_, k) => {
      const first = found.turns[k][0].slice(0, 200).split("\n")[0];
      return lazily("Turn " + k + ": " + first, () => [titled("Action", found.turns[k][0], "h4"), titled(free ? "What the model had shown" : "Observation", shown(k), "h4")], "turn");
    });
    return lazily("History (" + row.turn + (row.turn === 1 ? " turn)" : " turns)"), () => turns.length ? turns : [make("p", { class: "empty" }, "this is the first turn")]);
  }
}

// A part that is made when it is opened first.
function lazily(title, content, kind) {
  const node = make("details", { class: kind, toggle: () => { if (node.open && node.children.length === 1) node.append(...content()); } }, make("summary", {}, title));
  return node;
}
