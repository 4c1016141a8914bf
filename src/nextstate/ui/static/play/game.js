// One session being played: its turns, the line to act in, and what is known beside them.
import { save } from "../lib/api.js";
import { clear, el, whole } from "../lib/dom.js";
import { key } from "../lib/keys.js";
import { announce, failed, toast } from "../lib/notices.js";
import { badge, button, fold, tabs } from "../lib/parts.js";
import { go, href } from "../lib/route.js";
import { recall, remember } from "../lib/store.js";
import { observation } from "../lib/text.js";
import { about, worlds } from "../lib/worlds.js";
import { pendingCard, turnCard } from "./card.js";
import { Composer } from "./composer.js";
import { Screens } from "./screens.js";
import { share } from "./share.js";
import { titleOf } from "./picker.js";
import { Side } from "./side.js";
import { Terminal } from "./terminal.js";

const SHOWN = 40;

export class Game {
  static async open(id, route) {
    const [{ domains }, session, trajectory] = await Promise.all([about(), worlds.view(id), worlds.trajectory(id)]);
    return new Game(session, trajectory, domains.find((one) => one.name === session.domain) ?? {}, route);
  }

  constructor(session, trajectory, domain, route) {
    Object.assign(this, { session, domain, setup: trajectory.setup, route, gone: false });
    this.turns = trajectory.turns.map((turn, index) => ({ index, ...turn }));
    this.given = this.turns.length;
    this.typed = this.turns.map((turn) => turn.action);
    this.screens = new Screens(this);
    this.side = new Side(this);
    this.head = el("header", { class: "game-head stack tight" });
    this.cards = el("div", { class: "turns", role: "feed", "aria-label": "Turns" });
    this.begun = el("div");
    this.composer = new Composer({
      tools: this.setup.tools ?? [],
      act: (action) => this.act(action),
      history: () => this.typed,
      hint: (this.setup.tools ?? []).length ? '{"name": "…", "arguments": {}}' : "Type an action",
    });
    this.ending = el("div", { class: "ending" });
    this.played = el("div", { class: "stack" }, this.cards, this.composer.node);
    this.plain = !domain.pictures && !domain.screens && !(this.setup.tools ?? []).length;
    this.terminal = this.plain ? new Terminal(this) : null;
  }

  // The turns of a world of plain actions are shown as cards or as a terminal.
  shown() {
    if (!this.plain) return this.played;
    this.modes = tabs("How the turns are shown", [{ id: "cards", title: "Cards", content: () => this.asCards() }, { id: "terminal", title: "Terminal", content: () => this.terminal.show() }], recall("turns", "cards"), (id) => remember("turns", id));
    return this.modes;
  }

  asCards() {
    this.terminal.hide();
    if (this.stale) this.reload().catch(failed);
    return this.played;
  }

  // Where one types.
  get acting() {
    return this.terminal?.on ? this.terminal.composer : this.composer;
  }

  mount(place) {
    this.drawHead();
    this.drawTurns();
    place.append(el("div", { class: "split game" }, el("div", { class: "stack" }, this.head, this.begun, this.shown(), this.ending), this.side.node));
    this.suggest();
    this.keys();
    this.drawEnding();
    const wanted = Number(this.route.query.get("turn") ?? NaN);
    if (Number.isInteger(wanted) && this.terminal?.on) this.terminal.reveal(wanted);
    else if (Number.isInteger(wanted)) requestAnimationFrame(() => this.reveal(wanted));
    else if (this.turns.length) requestAnimationFrame(() => this.acting.node.scrollIntoView({ block: "end" }));
    return () => { this.gone = true; this.terminal?.leave(); };
  }

  keys() {
    key("/", "Type an action", () => this.acting.focus());
    if (this.plain) key("t", "Cards or terminal", () => { this.modes.open(this.terminal.on ? "cards" : "terminal"); this.acting.focus(); });
    key("f", "Fork here", () => this.fork());
    key("u", "Take back the last turn", () => this.rewind());
    key("s", "Keep a snapshot", () => this.snapshot());
    key("d", "Download the trajectory", () => this.download());
    key("m", "Ways to connect an agent", () => share(this));
    ["facts", "branches", "instruction", "setup"].forEach((id, n) => key(String(n + 1), "Panel: " + this.side.titles[id], () => this.side.open(id)));
  }

  drawHead() {
    const { session } = this, parts = [session.model, "seed " + session.seed, session.turns + (session.turns === 1 ? " turn" : " turns")];
    if (session.tokens) parts.push(whole.format(session.tokens) + " tokens");
    clear(this.head,
      el("div", { class: "cluster" }, el("h1", {}, titleOf(session)), badge("plain", session.domain), session.kind === "snapshot" ? badge("plain", "snapshot") : null),
      el("p", { class: "soft small" }, parts.join(" · "), session.parent ? [" · ", el("a", { href: href("play", session.parent) }, "forked from another session")] : null),
      el("div", { class: "cluster game-buttons" },
        button("Fork", () => this.fork(), { icon: "fork", key: "f", title: "Go on in a copy; this session stays as it is" }),
        button("Take back", () => this.rewind(), { icon: "back", key: "u", title: "Take back the last turn", disabled: !this.turns.length || session.kind !== "session" }),
        button("Snapshot", () => this.snapshot(), { icon: "camera", key: "s", title: "Keep a frozen copy" }),
        button("Connect", () => share(this), { icon: "copy", key: "m", title: "As curl, MCP or Python" }),
        button("Download", () => this.download(), { icon: "down", key: "d", title: "The trajectory as JSON" }),
        button("Compare", () => go(href("compare", { query: { left: session.id } })), { icon: "compare", title: "The same actions with another model, side by side" }),
        session.ending || session.kind !== "session" ? null : button("Close", () => this.close(), { kind: "quiet", icon: "close", title: "End this session" })));
  }

  drawTurns() {
    clear(this.begun, this.begin());
    const from = Math.max(0, this.turns.length - SHOWN);
    clear(this.cards, from ? button("Show " + whole.format(from) + " earlier turns", (event) => this.earlier(event.currentTarget, from)) : null);
    this.turns.slice(from).forEach((turn) => this.cards.append(this.card(turn)));
    this.screens.live();
  }

  earlier(before, to) {
    const from = Math.max(0, to - 5 * SHOWN), cards = this.turns.slice(from, to).map((turn) => this.card(turn));
    before.replaceWith(...[from ? button("Show " + whole.format(from) + " earlier turns", (event) => this.earlier(event.currentTarget, from)) : null, ...cards].filter(Boolean));
  }

  begin() {
    const { initial_state: text } = this.setup;
    if (this.domain.pictures || this.domain.screens) return this.screens.first(text ?? "");
    return text ? fold("How it begins", () => el("div", { class: "card" }, observation("How it begins", text)), { open: this.turns.length === 0 }) : null;
  }

  card(turn) {
    const at = turn.index + 1;
    return turnCard({ ...turn, shown: this.screens.shown(turn), actions: [button("", () => this.fork(at), { icon: "fork", kind: "quiet", title: "Fork after this turn" }), button("", () => this.composer.put(turn.action), { icon: "pen", kind: "quiet", title: "Put this action in the line" })] });
  }

  async act(action) {
    if (this.busy) return false;
    this.setBusy(true);
    const index = this.turns.length, card = pendingCard(index, action, this.session.model), started = performance.now();
    this.cards.append(card);
    card.scrollIntoView({ block: "nearest" });
    try {
      const turn = await worlds.step(this.session.id, action, card.more);
      this.took({ ...turn, action: turn.action ?? action, index, seconds: turn.seconds ?? (performance.now() - started) / 1000 }, card);
      return true;
    } catch (error) {
      card.remove();
      this.composer.say(el("p", {}, error.message), error.hint ? el("p", {}, error.hint) : null);
      if (error.code === "session_ended") this.refresh().catch(failed);
      return false;
    } finally {
      this.setBusy(false);
    }
  }

  took(turn, card) {
    this.turns.push(turn);
    this.typed.push(turn.action);
    if (this.gone) return;
    if (this.terminal?.on) this.terminal.connect();
    this.session.turns = this.turns.length;
    this.screens.retire();
    const shown = this.card(turn);
    card.replaceWith(shown);
    this.screens.live();
    shown.classList.add("come");
    requestAnimationFrame(() => (this.screens.on ? shown : this.composer.node).scrollIntoView({ block: this.screens.on ? "start" : "end", behavior: "auto" }));
    this.tell(turn);
  }

  tell(turn) {
    announce((turn.meta?.origin ?? "answered") + ": " + (turn.observation || "nothing was shown").slice(0, 400));
    this.suggest();
    this.refresh().catch(failed);
  }

  // A turn that the terminal took. Its card is made of what the server keeps of it, which is more.
  gained(turn) {
    this.turns.push(turn);
    this.stale = true;
    if (this.gone) return;
    if (!this.terminal.on) this.reload().catch(failed);
    this.tell(turn);
  }

  async reload() {
    this.stale = false;
    const { turns } = await worlds.trajectory(this.session.id);
    this.turns = turns.map((turn, index) => ({ index, ...turn }));
    if (this.gone) return;
    this.drawTurns();
    this.suggest();
  }

  setBusy(on) {
    this.busy = on;
    this.composer.busy(on);
  }

  // What the server says about the session now, and the panel beside it.
  async refresh() {
    this.session = await worlds.view(this.session.id);
    if (this.gone) return;
    this.drawHead();
    this.drawEnding();
    this.side.changed();
  }

  drawEnding() {
    const { ending, kind } = this.session;
    const why = kind === "snapshot" ? "This is a snapshot: it stays as it is. Fork it to go on from here." : ending ? "This session has ended (" + ending + "). Fork it or take back a turn to go on." : "";
    clear(this.ending, why ? el("div", { class: "note ended" }, why, " ", button("Fork and go on", () => this.fork(), { icon: "fork" })) : null);
    for (const one of [this.composer, this.terminal?.composer]) if (one) one.node.hidden = Boolean(why);
  }

  async fork(at) {
    await this.tried(async () => {
      const made = await worlds.fork(this.session.id, at === undefined ? {} : { at });
      toast("Forked after turn " + made.turns + ". You are in the copy now.", "good");
      go(href("play", made.id));
    });
  }

  async rewind() {
    if (!this.turns.length || this.busy || this.session.kind !== "session") return;
    await this.tried(async () => {
      await worlds.rewind(this.session.id, 1);
      const last = this.turns.pop();
      this.cards.querySelector('[data-turn="' + last.index + '"]')?.remove();
      this.screens.live();
      this.suggest();
      this.acting.put(last.action);
      if (this.terminal?.on) this.terminal.connect();
      announce("Turn " + (last.index + 1) + " is taken back.");
      await this.refresh();
    });
  }

  async snapshot() {
    await this.tried(async () => {
      await worlds.snapshot(this.session.id);
      toast("A snapshot is kept; it is under Branches and Sessions.", "good");
      this.side.changed();
    });
  }

  async close() {
    await this.tried(async () => { await worlds.close(this.session.id); await this.refresh(); });
  }

  async download() {
    await this.tried(async () => save((this.session.scenario || this.session.domain) + "-" + this.session.id + ".jsonl", JSON.stringify(await worlds.trajectory(this.session.id)) + "\n", "application/x-ndjson"));
  }

  async tried(work) {
    try {
      await work();
    } catch (error) {
      failed(error);
    }
  }

  reveal(index) {
    const card = this.cards.querySelector('[data-turn="' + index + '"]');
    card?.scrollIntoView({ block: "center" });
    card?.classList.add("come");
  }

  // What was done next in the recording that the scenario is from.
  async suggest() {
    this.recorded ??= this.session.scenario ? worlds.scenario(this.session.scenario).then((one) => (one.turns ?? []).map?.((turn) => turn.action ?? turn) ?? [], () => []) : Promise.resolve([]);
    const recorded = await this.recorded, n = this.turns.length;
    const alike = this.turns.every((turn, at) => turn.action === recorded[at]), next = n < recorded.length ? recorded.slice(n, n + (this.plain ? 3 : 1)) : [];
    for (const one of [this.composer, this.terminal?.composer]) if (one && !this.gone) one.suggest(alike ? "Recorded next:" : "Recorded at this point:", next);
  }
}
