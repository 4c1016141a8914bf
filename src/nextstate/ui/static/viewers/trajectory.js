// One trajectory: an outline of its turns, and the turn that was chosen; the set-up is the first row.
import { api } from "../lib/api.js";
import { clear, el, whole } from "../lib/dom.js";
import { difference } from "../lib/difference.js";
import { key } from "../lib/keys.js";
import { errorPanel, failed } from "../lib/notices.js";
import { badge, button, fold, select, tabs } from "../lib/parts.js";
import { picture } from "../lib/picture.js";
import { go, href } from "../lib/route.js";
import { recall, remember } from "../lib/store.js";
import { observation } from "../lib/text.js";
import { pressed, rows } from "./rows.js";
import { about } from "./sources.js";

const HEIGHT = 46, COMPARED = 2_000_000;

export async function trajectory(place, source, name, route, above = []) {
  const [one, known] = await Promise.all([source.open(name), about()]);
  new View(place, one, known, { name, above, at: source.key === "server" ? ["at", name] : [...above, name] }).mount(route.query.get("turn"));
}

class View {
  constructor(place, one, known, where) {
    Object.assign(this, { place, one, known, where, head: one.head, domain: known.domains[one.head.domain] ?? {}, asked: 0, kind: "" });
  }

  mount(turn) {
    const { head } = this, at = /^\d{1,12}$/.test(turn ?? "") ? Math.min(Number(turn) + 1, head.turns) : 0;
    this.panel = el("section", { class: "traj-turn stack", "aria-label": "Turn", tabindex: "-1" });
    this.rows = rows("Turns", { count: () => head.turns + 1, height: HEIGHT, current: at, draw: (i) => this.row(i), moved: (i) => this.shown(i), open: () => this.panel.scrollIntoView({ block: "nearest" }) });
    const back = el("a", { class: "btn quiet", href: href("trajectories", ...this.where.above) }, "← All trajectories");
    this.place.append(el("div", { class: "stack" }, el("div", { class: "cluster" }, back),
      el("div", { class: "stack tight" }, el("h1", {}, head.id), this.facts()),
      el("div", { class: "traj-split" }, this.rows, this.panel)));
    this.keys();
    this.rows.go(at);
    this.shown(at);
  }

  keys() {
    const step = (by) => () => this.rows.go(this.rows.at() + by);
    key("j", "Next turn", step(1));
    key("k", "Turn before", step(-1));
    key("Enter", "To the turn", (event) => pressed(event) || this.panel.focus());
    key("Escape", "Back to the list", () => go(href("trajectories", ...this.where.above)));
    key("p", "Play from here", () => this.play());
  }

  facts() {
    const { head } = this, { source } = head;
    const told = [head.domain, whole.format(head.turns) + (head.turns === 1 ? " turn" : " turns"), source.dataset && "from " + source.dataset, source.licence, source.simulated_by && "simulated by " + source.simulated_by];
    return el("p", { class: "soft" }, told.filter(Boolean).join(" · ").slice(0, 600));
  }

  row(i) {
    if (i === 0) return el("span", { class: "rows-title" }, el("b", {}, "Set-up"));
    const line = this.one.line(i - 1, () => this.rows.refresh());
    if (!line) return el("span", { class: "rows-title soft" }, whole.format(i - 1) + " …");
    const mark = badge(line.origin, el("span", { class: "visually-hidden" }, line.origin.slice(0, 40)));
    mark.title = line.origin.slice(0, 40);
    return [el("span", { class: "rows-number" }, whole.format(i - 1)), el("span", { class: "rows-title mono" }, words(line.action)), el("span", { class: "rows-marks" }, line.failed ? el("span", { class: "badge traj-failed" }, "failed") : null, mark)];
  }

  // Show the row `i`: the set-up or a turn. The address follows without a new entry in the history.
  async shown(i) {
    const mine = ++this.asked;
    const here = href("trajectories", ...this.where.at);
    if (location.hash.split("?", 1)[0] === here) history.replaceState(null, "", href("trajectories", ...this.where.at, { query: { turn: i ? String(i - 1) : null } }));
    if (i === 0) return void clear(this.panel, this.top("Set-up", 0), this.setup());
    try {
      const [turn, before] = await Promise.all([this.one.turn(i - 1), this.before(i - 1)]);
      if (mine === this.asked) clear(this.panel, this.top("Turn " + whole.format(i - 1), i, turn), this.turn(turn, before, i));
    } catch (error) {
      if (mine === this.asked) clear(this.panel, errorPanel(error, () => this.shown(i)));
    }
  }

  // The screen that was there before a turn, where observations are screens.
  async before(turn) {
    if (!this.domain.screens) return null;
    return turn ? (await this.one.turn(turn - 1)).observation : String(this.head.setup.initial_state ?? "");
  }

  top(title, i, turn) {
    const step = (label, by, name) => button(label, () => this.rows.go(i + by), { kind: "quiet", disabled: i + by < 0 || i + by > this.head.turns, "aria-label": name });
    const marks = turn ? [badge(turn.origin, turn.origin.slice(0, 40)), turn.failed ? el("span", { class: "badge traj-failed" }, "failed") : null] : null;
    const models = this.known.models.length > 1 ? select(this.known.models.map((one) => [one, one]), recall("model") ?? this.known.model, (value) => remember("model", value), { "aria-label": "Model to play with", id: "traj-model" }) : null;
    const after = i ? "Begin a session behind this turn" : "Begin a session with this set-up";
    return el("header", { class: "cluster traj-top" }, el("h2", {}, title), marks, step("← k", -1, "Turn before"), step("j →", 1, "Next turn"), el("span", { class: "grow" }), models, button("Play from here", () => this.play(), { kind: "primary", icon: "play", key: "p", title: after }));
  }

  turn(turn, before, i) {
    const meta = Object.keys(turn.meta).length ? fold("Meta", () => observation("Meta", JSON.stringify(turn.meta, null, 1))) : null;
    return [part("Action", observation("Action", turn.action)), part("Observation", this.seen(turn.observation, before, "Observation of turn " + (i - 1))), meta];
  }

  // An observation as text and, where its domain draws screens, as a picture and as what changed on it.
  seen(text, before, label) {
    const parts = [{ id: "text", title: "Text", content: () => observation(label, text) }];
    if (this.domain.picture) parts.unshift({ id: "picture", title: "Picture", content: () => drawn(this.head.domain, text) });
    if (before !== null && before !== text && before.length + text.length < COMPARED) parts.push({ id: "changes", title: "Changes", content: () => difference("before", before, "after", text) });
    return parts.length === 1 ? parts[0].content() : tabs(label, parts, this.kind, (id) => { this.kind = id; });
  }

  setup() {
    const { setup, source, meta } = this.head, shown = [];
    const texts = { "Initial state": setup.initial_state, "Simulation instruction": setup.instruction };
    for (const [title, text] of Object.entries(texts)) if (text) shown.push(part(title, title === "Initial state" && this.domain.screens ? this.seen(String(text), null, title) : observation(title, String(text))));
    const tools = Array.isArray(setup.tools) ? setup.tools : [];
    if (tools.length) shown.push(part("Tools (" + tools.length + ")", el("div", { class: "stack tight" }, tools.map(tool))));
    for (const [title, value] of Object.entries({ Demonstrations: setup.demonstrations, "Facts (known to a kernel only)": setup.facts, Source: source, Meta: meta })) {
      if (value && Object.keys(value).length) shown.push(fold(title, () => observation(title, JSON.stringify(value, null, 1))));
    }
    return shown.length ? shown : el("p", { class: "empty" }, "Nothing was said before the first turn.");
  }

  async play() {
    if (this.playing) return;
    this.playing = true;
    try {
      const { id } = await this.one.play(this.rows.at(), document.getElementById("traj-model")?.value ?? "");
      go(href("play", id));
    } catch (error) {
      failed(error);
    } finally {
      this.playing = false;
    }
  }
}

// The first line of an action; of a JSON object its values, with the names of all but the first.
export function words(action) {
  const line = action.trim().slice(0, 200).split("\n", 1)[0];
  const plain = /^\[?\{\s*"/.test(line) ? line.replace(/[{}[\]"\\]/g, "").replace(/^\s*\w+:\s*/, "") : line;
  return plain || "(an empty action)";
}

const part = (title, ...content) => el("section", { class: "stack tight" }, el("h3", {}, title), content);

function tool(one) {
  const name = String(one?.name ?? "(no name)"), words = String(one?.description ?? "");
  return fold(name + (words ? " — " + words.split("\n", 1)[0].slice(0, 160) : ""), () => observation(name, JSON.stringify(one, null, 1)));
}

// A screen as its domain draws it.
export function drawn(domain, text) {
  const place = el("div", {}, el("p", { class: "soft small" }, "Drawing…"));
  api.post("/viewers/picture", { domain, observation: text }).then(({ html }) => clear(place, picture(html, null)), (error) => clear(place, errorPanel(error)));
  return place;
}

