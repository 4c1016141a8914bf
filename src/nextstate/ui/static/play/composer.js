// Where one acts: a line (with the history under the arrow keys), or a form made from the schema of a tool.
import { clear, el } from "../lib/dom.js";
import { button, select, tabs } from "../lib/parts.js";
import { recall, remember } from "../lib/store.js";
import { callOf, worded } from "./card.js";
import { schemaForm } from "./form.js";

const TALLEST = 260;

export class Composer {
  // `act(action)` resolves to true when the turn was taken. `tools` is empty where actions are plain texts.
  constructor({ tools, act, history, label = "Action", hint = "" }) {
    Object.assign(this, { tools, act, history, at: null, draft: "" });
    this.send = button("Send", () => this.submit(), { kind: "primary", icon: "send", title: "Send", key: "Enter" });
    this.wrong = el("div", { class: "composer-wrong" });
    this.line = el("textarea", { class: "input code composer-line", rows: "1", spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-label": label, placeholder: hint, keydown: (event) => this.key(event), input: () => this.grow() });
    this.suggested = el("div", { class: "suggested" });
    this.node = el("section", { class: "composer", "aria-label": "Act" }, this.suggested, this.wrong, tools.length ? this.withForms() : el("div", { class: "composer-row" }, this.line, this.send));
  }

  withForms() {
    this.form = null;
    const names = this.tools.map((tool) => [tool.name, tool.name]);
    this.tool = select(names, names[0][0], () => this.drawForm(), { "aria-label": "Tool" });
    const place = el("div", { class: "tool-form" });
    this.place = place;
    this.modes = tabs("How to act", [
      { id: "form", title: "Form", content: () => { this.fromLine(); return el("div", { class: "stack tight" }, el("div", { class: "cluster" }, el("div", { class: "grow" }, this.tool), this.send), place); } },
      { id: "raw", title: "JSON", content: () => { this.toLine(); return el("div", { class: "composer-row" }, this.line, this.send); } },
    ], recall("composer", "form"), (id) => remember("composer", id));
    return this.modes;
  }

  drawForm(values = {}) {
    const tool = this.tools.find((one) => one.name === this.tool.value);
    this.form = schemaForm(tool.inputSchema ?? {}, values, () => this.submit());
    clear(this.place, tool.description ? el("p", { class: "soft small" }, tool.description.slice(0, 1_000)) : null, this.form.node);
  }

  fromLine() {
    const call = callOf(this.line.value.trim());
    if (call && this.tools.some((one) => one.name === call.name)) {
      this.tool.value = call.name;
      this.drawForm(call.arguments ?? {});
    } else this.drawForm(this.form?.values().arguments ?? {});
  }

  toLine() {
    const read = this.form?.values();
    if (read) this.line.value = JSON.stringify({ name: this.tool.value, arguments: read.arguments });
    requestAnimationFrame(() => this.grow());
  }

  get action() {
    if (this.modes?.now() === "form") {
      const { arguments: given, wrong } = this.form.values();
      if (wrong) throw wrong;
      return JSON.stringify({ name: this.tool.value, arguments: given });
    }
    return this.line.value;
  }

  // Put an action in, so that it can be changed before it is sent.
  put(action) {
    this.line.value = action;
    if (this.modes?.now() === "form") {
      if (callOf(action)) this.fromLine(); else this.modes.open("raw");
    }
    this.grow();
    this.focus();
  }

  focus() {
    if (this.modes?.now() === "form") (this.place.querySelector("input, textarea, select") ?? this.tool).focus();
    else this.line.focus();
  }

  busy(on) {
    this.send.disabled = on;
    this.node.classList.toggle("is-busy", on);
  }

  async submit() {
    if (this.send.disabled) return;
    this.say();
    let action;
    try {
      action = this.action;
    } catch (problem) {
      return this.say(problem.message);
    }
    if (!action.trim()) return this.focus();
    if (await this.act(action)) {
      this.at = null;
      this.line.value = "";
      if (this.form) this.drawForm();
      this.grow();
    }
    if (document.activeElement === document.body || this.node.contains(document.activeElement)) this.focus();
  }

  say(...content) {
    clear(this.wrong, content.length ? el("div", { class: "note bad", role: "alert" }, content) : null);
  }

  // Arrow keys at the first and last line go through what was sent before; Enter sends, with Shift it is a line break.
  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && !this.line.value.slice(0, this.line.selectionStart).includes("\n")) this.recall(event, -1);
    else if (event.key === "ArrowDown" && !this.line.value.slice(this.line.selectionEnd).includes("\n")) this.recall(event, 1);
    else if (event.key === "Escape") this.line.blur();
  }

  recall(event, step) {
    const past = this.history(), at = this.at ?? past.length, next = at + step;
    if (next < 0 || next > past.length) return;
    event.preventDefault();
    if (at === past.length) this.draft = this.line.value;
    this.at = next;
    this.line.value = next === past.length ? this.draft : past[next];
    this.line.setSelectionRange(this.line.value.length, this.line.value.length);
    this.grow();
  }

  grow() {
    this.line.style.height = "auto";
    this.line.style.height = Math.min(TALLEST, this.line.scrollHeight + 2) + "px";
  }

  suggest(label, actions) {
    const chip = (action) => el("button", { type: "button", class: "chip code", title: "Put it in the line", click: () => this.put(action) }, worded(action, 60));
    clear(this.suggested, actions.length ? [el("span", { class: "soft small" }, label), actions.map(chip)] : null);
  }
}
