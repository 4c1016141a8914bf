// Parts that views are made of.
import { clear, el, icon } from "./dom.js";

let count = 0;
export const fresh = (word) => word + "-" + ++count;

export function button(label, onClick, { kind = "", icon: sign, title, key, small, ...attributes } = {}) {
  const only = sign && !label, hint = title ?? (only ? undefined : null);
  return el("button", { type: "button", class: ["btn", kind, only && "icon-only"].filter(Boolean).join(" "), click: onClick, title: key ? (hint ?? label) + " (" + key + ")" : hint, "aria-label": only ? title : null, "aria-keyshortcuts": key, ...attributes },
    sign ? icon(sign) : null, label || null);
}

const KINDS = new Set(["computed", "recorded", "retrieved", "model"]);
export const badge = (kind, text) => el("span", { class: "badge " + (KINDS.has(kind) ? kind : "plain") }, text ?? kind);

export function field(label, input, hint) {
  input.id ||= fresh("field");
  const words = hint ? el("p", { class: "hint", id: input.id + "-hint" }, hint) : null;
  if (words) input.setAttribute("aria-describedby", words.id);
  return el("div", { class: "field" }, el("label", { for: input.id }, label), input, words);
}

export function select(options, value, onChange, attributes = {}) {
  const node = el("select", { class: "input", change: () => onChange?.(node.value), ...attributes }, options.map(([name, title]) => el("option", { value: name }, title)));
  if (value !== undefined && options.some(([name]) => name === value)) node.value = value;
  return node;
}

export const empty = (text) => el("p", { class: "empty" }, text);

export const note = (text, kind = "") => el("p", { class: "note " + kind }, text);

// A list whose rows are nodes, or {title, detail, href | click, badge, current}.
export function list(label, rows, { empty: nothing = "Nothing here." } = {}) {
  if (!rows.length) return empty(nothing);
  return el("ul", { class: "list", "aria-label": label }, rows.map((row) => el("li", {}, row instanceof Node ? row : entry(row))));
}

export function entry({ title, detail, href, click, badge: mark, current, pressed }) {
  const inside = [el("span", { class: "text-part" }, el("span", { class: "title" }, title), detail ? el("span", { class: "detail" }, detail) : null), mark ?? null];
  if (href) return el("a", { class: "entry", href, "aria-current": current ? "true" : null }, inside);
  return el("button", { type: "button", class: "entry", click, "aria-pressed": pressed === undefined ? null : String(pressed) }, inside);
}

export function fold(title, content, { open = false } = {}) {
  const inside = el("div", { class: "inside" });
  let made = false;
  const node = el("details", { class: "fold", toggle: () => { if (node.open && !made) { made = true; clear(inside, content()); } } }, el("summary", {}, title), inside);
  node.open = open;
  return node;
}

// Tabs (WAI-ARIA: arrow keys move, one of them is in the tab order). `content` is called each time its tab is opened.
export function tabs(label, parts, chosen, onChange) {
  const name = fresh("tabs"), panel = el("div", { role: "tabpanel", id: name + "-panel" });
  const buttons = parts.map((part) => el("button", { type: "button", role: "tab", id: name + "-" + part.id, "aria-controls": panel.id, click: () => open(part.id) }, part.title));
  const bar = el("div", { role: "tablist", "aria-label": label, keydown: (event) => move(event) }, buttons);
  let now = null;

  function open(id, focus = false) {
    now = id;
    parts.forEach((part, n) => {
      const on = part.id === id;
      buttons[n].setAttribute("aria-selected", String(on));
      buttons[n].tabIndex = on ? 0 : -1;
      if (on) panel.setAttribute("aria-labelledby", buttons[n].id);
      if (on && focus) buttons[n].focus();
    });
    clear(panel, parts.find((part) => part.id === id).content());
    onChange?.(id);
  }

  function move(event) {
    const at = parts.findIndex((part) => part.id === now), last = parts.length - 1;
    const next = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    open(parts[next].id, true);
  }

  open(parts.some((part) => part.id === chosen) ? chosen : parts[0].id);
  const node = el("div", { class: "tabs" }, bar, panel);
  node.open = open;
  node.redraw = () => open(now);
  node.now = () => now;
  return node;
}

// A dialog with a title; `content(close)` fills it.
export function dialog(title, content) {
  const id = fresh("dialog"), opener = document.activeElement;
  const node = el("dialog", { "aria-labelledby": id, close: () => { node.remove(); opener?.focus?.(); } });
  node.append(el("header", {}, el("h2", { id }, title), button("", () => node.close(), { icon: "close", title: "Close", kind: "quiet" })), el("div", { class: "stack" }, content(() => node.close())));
  document.body.append(node);
  node.showModal();
  return node;
}
