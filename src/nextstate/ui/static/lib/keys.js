// Keys: a letter does something while nobody types. The help dialog lists them.
import { el, icon } from "./dom.js";

const shell = [], view = [];
let waiting = 0;

// A key of the view that is shown now. `name` is what KeyboardEvent.key says, or two letters for "first this, then that".
export const key = (name, title, action, { typing = false } = {}) => view.push({ name, title, action, typing });
export const shellKey = (name, title, action) => shell.push({ name, title, action, typing: false });
export const forget = () => { view.length = 0; };

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const name = (event.ctrlKey || event.metaKey ? "Ctrl+" : event.altKey ? "Alt+" : "") + event.key;
    const busy = typing(event.target), second = Date.now() < waiting ? "g" + name : "";
    waiting = 0;
    const found = [...view, ...shell].find((one) => (one.name === second || (!second && one.name === name)) && (one.typing || !busy));
    if (found) {
      event.preventDefault();
      found.action(event);
    } else if (name === "g" && !busy) waiting = Date.now() + 1_200;
  });
}

const shown = (name) => (name.length === 2 && name[0] === "g" ? ["g", name[1]] : name.split("+").map((part) => (part === " " ? "Space" : part)));

export function help() {
  const dialog = el("dialog", { "aria-labelledby": "keys-title", close: () => dialog.remove() });
  const part = (title, keys) => (keys.length ? [el("h3", {}, title), el("dl", { class: "keys" }, keys.map((one) => [el("dt", {}, shown(one.name).map((name) => [el("kbd", {}, name), " "])), el("dd", {}, one.title)]))] : null);
  dialog.append(el("header", {}, el("h2", { id: "keys-title" }, "Keys"), el("button", { type: "button", class: "btn quiet icon-only", "aria-label": "Close", autofocus: true, click: () => dialog.close() }, icon("close"))),
    el("div", { class: "stack" }, part("Here", view), part("Everywhere", shell)));
  document.body.append(dialog);
  dialog.showModal();
}
