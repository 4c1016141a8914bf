// A session as a terminal: one transcript and one line. The socket takes whole lines, one at a time; here they are edited and wait.
import { ApiError } from "../lib/api.js";
import { clear, el, time, whole } from "../lib/dom.js";
import { announce, failed } from "../lib/notices.js";
import { badge, button } from "../lib/parts.js";
import { observation } from "../lib/text.js";
import { SAYS, multiline, untagged } from "./card.js";
import { Composer } from "./composer.js";
import { Wire } from "./wire.js";

const SHOWN = 100;
const UNSURE = "The session may still finish this step.";

export class Terminal {
  constructor(game) {
    Object.assign(this, { game, on: false, ready: false, items: [], coming: [], from: 0, next: 0, queue: [], under: null, cut: [], prompt: "$ ", bottom: true, top: 0 });
    this.wire = new Wire(game.session.id, { take: (frame) => this.take(frame), lost: (wait) => this.lost(wait), over: (error) => this.over(error) });
    this.composer = new Composer({ tools: [], act: (line) => this.enter([line]), history: () => game.typed, label: "Command", hint: "Type a command" });
    this.composer.line.addEventListener("input", () => this.several());
    this.composer.line.before(el("span", { class: "term-prompt", "aria-hidden": "true" }, this.prompt));
    this.status = el("span", { class: "term-status" });
    this.stop = button("Interrupt", () => this.interrupt(), { kind: "quiet", key: "Control+C", title: "Stop waiting for the answer" });
    this.many = el("div", { class: "term-many" });
    this.inside = el("div", { class: "term-inside" });
    this.log = el("div", { class: "term-log", role: "region", tabindex: "0", "aria-label": "Transcript", scroll: () => this.scrolled(), click: (event) => this.clicked(event) }, this.inside);
    const sizes = new ResizeObserver(() => { if (this.bottom) this.log.scrollTop = this.log.scrollHeight; });
    [this.inside, this.log].forEach((node) => sizes.observe(node));
    this.node = el("section", { class: "terminal", "aria-label": "Terminal" },
      el("header", { class: "term-bar" }, el("span", { class: "cluster", role: "group", "aria-label": "Who answered" }, Object.keys(SAYS).map((kind) => { const mark = badge(kind); mark.title = SAYS[kind]; return mark; })), this.status,
        el("span", { class: "term-buttons" }, this.stop, button("Clear", () => this.wipe(), { kind: "quiet", key: "Control+L", title: "Clear the transcript; the turns stay" }))),
      this.log, this.many, this.composer.node);
    this.node.addEventListener("keydown", (event) => this.key(event), true);
    this.tell();
  }

  // While a line is under way the socket stays open behind the cards.
  show() {
    this.on = true;
    if (!this.under) this.connect();
    return this.node;
  }

  hide() {
    this.on = false;
    if (!this.under) this.wire.drop();
  }

  connect() {
    if (this.under) this.cut = [this.settle(), ...this.queue.splice(0)];
    this.ready = false;
    this.coming = [];
    this.wire.open();
    this.tell("connecting…");
  }

  leave() {
    this.wire.leave();
  }

  take(frame) {
    ({ turn: () => (frame.past ? this.coming.push(frame) : this.took(frame)), ready: () => this.begun(frame), delta: () => this.heard(frame), error: () => this.refused(frame),
      interrupted: () => this.interrupted(frame), ended: () => this.ended(frame.ending) })[frame.type]?.();
  }

  // The past has come: what was typed when the socket was lost is among it, or stands in the line again.
  begun({ turns, prompt, ending }) {
    const { game, cut, next } = this;
    if (cut.length && this.coming.some((turn) => turn.index >= next && turn.action === cut[0])) cut.shift();
    Object.assign(this, { ready: true, items: this.coming, coming: [], from: Math.max(0, this.coming.length - SHOWN), next: turns, prompt, bottom: true, cut: [] });
    this.node.querySelector(".term-prompt").textContent = prompt;
    if (turns !== game.turns.length) game.reload().then(() => game.refresh()).catch(failed);
    this.draw();
    if (ending) this.ended(ending);
    this.composer.say();
    if (this.away) announce("Connected again.");
    this.away = false;
    this.giveBack(cut);
    this.sendNext();
    if (!this.on && !this.under) this.wire.drop();
    if (this.wanted !== undefined) this.reveal(this.wanted);
  }

  // Lines are taken: they are answered one after the other.
  enter(lines) {
    if (!this.ready) {
      this.composer.say("There is no connection to the session; the line stays here.");
      return false;
    }
    this.game.typed.push(...lines);
    this.queue.push(...lines);
    this.bottom = true;
    clear(this.many);
    this.sendNext();
    return true;
  }

  sendNext() {
    if (this.ready && !this.under && this.queue.length) {
      const line = this.queue.shift(), preview = el("div", { class: "term-preview" });
      this.under = { line, preview, come: "", node: el("article", { class: "term-turn pending", "aria-busy": "true", "aria-label": "Under way" }, this.promptLine({ action: line }, el("span", { class: "pulse", "aria-hidden": "true" })), preview) };
      this.inside.append(this.under.node);
      this.game.setBusy(true);
      this.wire.send({ type: "line", text: line });
    }
    this.tell();
  }

  // No line is under way any more.
  settle() {
    const line = this.under?.line;
    this.under?.node.remove();
    this.under = null;
    this.game.setBusy(false);
    return line;
  }

  took(frame) {
    const { next } = this;
    this.settle();
    this.put(frame);
    this.next = frame.index + 1;
    this.game.gained({ index: frame.index, action: frame.action, observation: frame.text, meta: { origin: frame.origin, model: frame.model, why: frame.why }, seconds: frame.seconds, shared: frame.shared });
    if (frame.index !== next) this.connect();
    else this.sendNext();
    if (!this.on && !this.under) this.wire.drop();
  }

  heard({ text, reset }) {
    const { under } = this;
    if (!under) return;
    under.come = reset ? "" : under.come + text;
    under.drawing ||= requestAnimationFrame(() => { under.drawing = 0; clear(under.preview, untagged(under.come) ? observation("What the model has written so far", untagged(under.come)) : null); });
  }

  refused({ code, message }) {
    const words = [message, new ApiError(0, code, message).hint].filter(Boolean).join(" "), lines = [this.settle(), ...this.queue.splice(0)];
    this.put({ action: lines[0], words });
    announce(words);
    this.giveBack(lines.filter(Boolean));
    if (code === "session_ended") this.game.refresh().catch(failed);
    this.tell();
  }

  interrupt() {
    this.queue = [];
    if (this.under && this.ready) this.wire.send({ type: "interrupt" });
    else if (!this.under) this.write("");
    this.tell();
  }

  interrupted({ turns }) {
    this.put({ action: this.settle(), words: "Interrupted. " + UNSURE });
    announce("Interrupted. " + UNSURE);
    if (turns !== this.next) this.connect();
    this.tell();
  }

  ended(ending) {
    this.put({ words: "This session has ended (" + ending + ")." });
    this.giveBack(this.queue.splice(0));
  }

  lost(wait) {
    if (this.ready) {
      this.cut = [this.settle(), ...this.queue.splice(0)].filter((line) => line !== undefined);
      this.put(this.cut.length ? { action: this.cut[0], words: "The connection was lost before the answer came. " + UNSURE } : { words: "The connection was lost." });
      announce("The connection was lost.");
    }
    Object.assign(this, { ready: false, coming: [], away: true });
    this.tell("no connection; again in " + time(wait), button("Now", () => this.connect(), { kind: "quiet", title: "Connect now" }));
  }

  over(error) {
    const words = error ? [error.message, error.hint].filter(Boolean).join(" ") : "";
    if (words) this.put({ words });
    if (words) announce(words);
    this.ready = false;
    this.giveBack(this.cut.splice(0));
    this.tell("no connection", button("Try again", () => this.connect(), { kind: "quiet" }));
  }

  // Lines that were not answered stand in the line again, where nothing else was typed meanwhile.
  giveBack(lines) {
    if (lines.length && !this.composer.line.value.trim()) this.write(lines.join("\n"));
  }

  write(text) {
    this.composer.line.value = text;
    this.composer.grow();
    this.several();
  }

  several() {
    const lines = this.composer.line.value.split("\n").filter((line) => line.trim());
    clear(this.many, lines.length < 2 ? null : [el("span", {}, whole.format(lines.length) + " lines: Enter sends them as one command."), button("Send one by one", () => this.each(), { key: "Control+Enter" })]);
  }

  each() {
    if (!this.enter(this.composer.line.value.split("\n").filter((line) => line.trim()))) return;
    this.write("");
    this.composer.focus();
  }

  tell(...words) {
    const waiting = this.queue.length, { under } = this;
    this.stop.disabled = !under;
    clear(this.status, words.length ? words : under ? this.game.session.model + " answers" + (waiting ? "; " + whole.format(waiting) + (waiting === 1 ? " line waits" : " lines wait") : "") : this.ready ? "connected" : "");
  }

  put(item) {
    this.items.push(item);
    if (this.bottom && this.items.length - this.from > 2 * SHOWN) {
      this.from = this.items.length - SHOWN;
      this.draw();
    } else this.inside.insertBefore(this.entry(item), this.under?.node ?? null);
  }

  draw() {
    const first = this.items[0]?.index ?? 0, hidden = this.from;
    clear(this.inside, hidden ? button("Show " + whole.format(hidden) + " earlier", () => this.earlier(), { kind: "quiet" }) : first ? el("p", { class: "soft small" }, whole.format(first) + " earlier turns are among the cards.") : null,
      this.items.slice(hidden).map((item) => this.entry(item)), this.under?.node);
  }

  earlier() {
    const below = this.log.scrollHeight - this.log.scrollTop;
    this.from = Math.max(0, this.from - SHOWN);
    this.bottom = false;
    this.draw();
    this.log.scrollTop = this.log.scrollHeight - below;
    this.log.focus({ preventScroll: true });
  }

  wipe() {
    this.from = this.items.length;
    this.bottom = true;
    this.draw();
  }

  reveal(index) {
    const at = this.items.findIndex((item) => item.index === index);
    this.wanted = this.ready ? undefined : index;
    if (!this.ready || at < 0) return;
    this.from = Math.min(this.from, at);
    this.bottom = false;
    this.draw();
    this.inside.querySelector('[data-turn="' + index + '"]').scrollIntoView({ block: "center" });
  }

  entry(item) {
    const { index, action, text, words, origin } = item, n = index + 1;
    const about = [SAYS[origin] ?? "Part of the scenario.", item.why ? "Not computed: " + item.why : "", item.model, item.past ? "" : time(item.seconds * 1000), item.shared ? "As this world had shown it before." : ""];
    const dot = words ? null : el("span", { class: "dot " + (origin ?? ""), role: "img", "aria-label": origin ?? "given", title: about.filter(Boolean).join(" · ") });
    return el("article", { class: "term-turn", "data-turn": index, "aria-label": words ? "Message" : "Turn " + n }, action === undefined ? null : this.promptLine({ action }, dot),
      text ? observation("Output of turn " + n, text) : null, words ? el("p", { class: "term-words" }, words) : null);
  }

  promptLine({ action }, mark) {
    return el("div", { class: "term-line" }, el("span", { class: "term-mark" }, mark), el("span", { class: "term-prompt", "aria-hidden": "true" }, this.prompt), el("div", { class: "term-command" }, multiline(action)));
  }

  // Only who scrolls up leaves the end; a text that grows meanwhile does not.
  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.log, end = scrollHeight - scrollTop - clientHeight < 8;
    this.bottom = end || (this.bottom && scrollTop >= this.top);
    this.top = scrollTop;
  }

  // A click that selects nothing and means nothing else is a wish to type; on a phone it would raise the keyboard.
  clicked({ target }) {
    if (matchMedia("(pointer: fine)").matches && !String(getSelection()) && !target.closest("button, .text")) this.composer.focus();
  }

  // Ctrl-C copies where something is selected, and interrupts elsewhere.
  key(event) {
    const { line } = this.composer, marked = String(getSelection()) || (document.activeElement === line && line.selectionStart !== line.selectionEnd);
    const does = !event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing ? null : { c: marked ? null : () => this.interrupt(), l: () => this.wipe(), Enter: () => this.each() }[event.key];
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  }
}
