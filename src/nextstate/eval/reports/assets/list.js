// The list of rows: filtered, sorted, a page at a time.
const PAGE = 100;

class List {
  constructor(data, open) {
    Object.assign(this, { data, open, page: 0, sort: "", down: false, focused: 0 });
    this.names = Object.keys(data.rows.scores);
    this.wanted = { run: "", domain: "", outcome: "", origin: "", score: this.names[0] ?? "", least: "", most: "", text: "" };
    this.filters();
    this.apply();
  }

  filters() {
    const { data } = this, place = byId("filters");
    const add = (label, input) => { input.setAttribute("aria-label", label); place.append(make("label", {}, label, input)); };
    const listen = (name) => ({ input: (event) => { this.wanted[name] = event.target.value; this.page = 0; this.apply(); } });
    const choice = (name, all, options) => {
      const select = make("select", listen(name), all === null ? null : make("option", { value: "" }, all));
      options.forEach(([value, text]) => select.append(make("option", { value }, text)));
      return select;
    };
    const values = (name) => data.names[name].map((text, value) => [value, text]);
    if (data.summary.runs.length > 1) add("Run", choice("run", "all", data.summary.runs.map((run, n) => [n, runLabel(data, n)])));
    add("Domain", choice("domain", "all", values("domain")));
    add("Outcome", choice("outcome", "all", values("outcome")));
    add("Origin", choice("origin", "all", [...values("origin"), ["-1", "nobody"]]));
    if (this.names.length) {
      add("Score", choice("score", null, [...this.names, "unscored"].map((name) => [name, name])));
      add("at least", make("input", { type: "number", step: "0.05", min: "0", max: "1", ...listen("least") }));
      add("at most", make("input", { type: "number", step: "0.05", min: "0", max: "1", ...listen("most") }));
    }
    add("Key contains", make("input", { type: "search", ...listen("text") }));
  }

  apply() {
    const { rows } = this.data, want = this.wanted, found = [];
    const least = want.least === "" ? -Infinity : Number(want.least), most = want.most === "" ? Infinity : Number(want.most);
    const scores = want.score === "unscored" ? null : rows.scores[want.score], bounded = want.least !== "" || want.most !== "";
    const text = want.text.toLowerCase();
    for (let n = 0; n < rows.key.length; n++) {
      if (want.run !== "" && rows.run[n] !== Number(want.run)) continue;
      if (want.domain !== "" && rows.domain[n] !== Number(want.domain)) continue;
      if (want.outcome !== "" && rows.outcome[n] !== Number(want.outcome)) continue;
      if (want.origin !== "" && rows.origin[n] !== Number(want.origin)) continue;
      if (want.score === "unscored" && !rows.unscored[n]) continue;
      if (scores && bounded && !(scores[n] !== null && scores[n] >= least && scores[n] <= most)) continue;
      if (text && !rows.key[n].toLowerCase().includes(text)) continue;
      found.push(n);
    }
    this.found = this.sorted(found);
    this.draw();
  }

  sorted(found) {
    if (!this.sort) return found;
    const { data } = this, { rows } = data, name = this.sort, turn = this.down ? -1 : 1;
    const column = name in data.names ? rows[name].map((k) => data.names[name][k] ?? "") : rows[name] ?? rows.scores[name.slice(1)];
    const order = (a, b) => {
      const [x, y] = [column[a], column[b]];
      if (x === null || y === null) return (x === null) - (y === null);
      return turn * (typeof x === "string" ? (x < y ? -1 : x > y ? 1 : 0) : x - y);
    };
    return found.sort(order);
  }

  draw() {
    const pages = Math.max(1, Math.ceil(this.found.length / PAGE));
    this.page = Math.min(Math.max(0, this.page), pages - 1);
    const warning = this.names.some((name) => scoreTitle(this.data, name) !== name) ? " " + UNCALIBRATED + ": nobody has measured it." : "";
    byId("counted").textContent = whole.format(this.found.length) + " of " + whole.format(this.data.rows.key.length) + " rows. A heading sorts; up and down move in the list, Enter opens a row, Esc closes it." + warning;
    const several = this.data.summary.runs.length > 1;
    const columns = [["key", "row", true], ...(several ? [["run", "run", true]] : []), ["outcome", "outcome", true], ["origin", "origin", true],
      ...this.names.map((name) => [":" + name, scoreTitle(this.data, name)]), ["ms", "latency"], ["tokens", "tokens"]];
    const head = make("tr", {}, ...columns.map((column) => this.header(...column)));
    const shown = this.found.slice(this.page * PAGE, (this.page + 1) * PAGE);
    const body = make("tbody", { keydown: (event) => this.move(event) }, ...shown.map((n) => this.row(n, several)));
    byId("list").replaceChildren(make("thead", {}, head), body);
    byId("pages").replaceChildren(this.turner("Previous page", -1, this.page === 0), "Page " + (this.page + 1) + " of " + pages, this.turner("Next page", 1, this.page >= pages - 1));
  }

  header(name, title, left) {
    const sorted = this.sort === name;
    const click = () => { this.down = sorted && !this.down; this.sort = name; this.page = 0; this.apply(); byId("list").querySelector('[aria-sort="ascending"] button, [aria-sort="descending"] button').focus(); };
    return make("th", { scope: "col", class: left ? "l" : "", "aria-sort": sorted ? (this.down ? "descending" : "ascending") : "none" },
      make("button", { type: "button", click }, title + (sorted ? (this.down ? " ↓" : " ↑") : "")));
  }

  row(n, several) {
    const { data } = this, { rows, names } = data, outcome = names.outcome[rows.outcome[n]];
    const link = make("a", { href: address(data, n), title: visible(rows.key[n]) }, shortened(rows.key[n]));
    return make("tr", {}, make("td", { class: "l" }, link), several ? cell(runLabel(data, rows.run[n]), true) : null,
      make("td", { class: outcome === "ok" || outcome === "passed" ? "l" : "l bad" }, outcome), cell(names.origin[rows.origin[n]] ?? "nobody", true),
      ...this.names.map((name) => cell(plain(rows.scores[name][n]))), cell(time(rows.ms[n])), cell(rows.tokens[n] ? whole.format(rows.tokens[n]) : "–"));
  }

  turner(title, step, disabled) {
    const click = () => { this.page += step; this.draw(); byId("rows").scrollIntoView(); };
    return make("button", { type: "button", disabled, click }, title);
  }

  move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...byId("list").querySelectorAll("tbody a")], at = links.indexOf(document.activeElement);
    links[at + step]?.focus();
    event.preventDefault();
  }
}

// The beginning and the end of a key, which tells more than its middle; without the hash at its very end.
function shortened(key) {
  const text = key.replace(/\/[0-9a-f]{16}$/, "");
  return text.length > 56 ? text.slice(0, 16) + "…" + text.slice(-39) : text;
}

// The name of a score, marked where it may come from a judge that nobody has measured.
const scoreTitle = (data, name) => /^judge(\.|$|:)/.test(name) && data.summary.runs.some((run) => run.uncalibrated) ? name + " ⚠" : name;

const runLabel = (data, n) => {
  const run = data.summary.runs[n], same = data.summary.runs.filter((other) => other.model === run.model).length > 1;
  return (run.model || "run") + (same ? " (" + (run.folder || n + 1) + ")" : "");
};

// The address of a row in this page: its key, with the number of the run behind it where several runs have that row.
function address(data, n) {
  const run = data.rows.run[n];
  return "#" + encodeURIComponent(data.rows.key[n].toWellFormed?.() ?? data.rows.key[n]) + (run ? "~" + (run + 1) : "");
}
