// A list of any length: only the rows in view are in the document. Rows are of one height, in CSS pixels.
import { el } from "../lib/dom.js";
import { fresh } from "../lib/parts.js";

const TALLEST = 12_000_000, AROUND = 6;

// Enter on a link or a button means that one, whatever else Enter does in a view.
export function pressed(event) {
  const own = event.target.closest("a, button, summary, label");
  own?.click();
  return Boolean(own);
}

// `count()` rows; `draw(i)` gives what stands in one; `moved(i)` is told of the row that is current, `open(i)` of one that
// is opened (Enter or a click).
export function rows(label, { count, draw, height, moved = () => {}, open = () => {}, current = 0 }) {
  const name = fresh("rows"), all = el("div", { class: "rows-all", role: "presentation" });
  const box = el("div", { class: "rows", role: "listbox", tabindex: "0", "aria-label": label, id: name, keydown: key, scroll: () => requestAnimationFrame(paint) }, all);
  let at = current, painted = "";

  const tall = () => Math.min(TALLEST, count() * height);
  const inView = () => Math.max(1, Math.floor(box.clientHeight / height));
  // The first row in view. Beyond what a browser can scroll, the place of the scroll bar stands for a share of the rows.
  const first = () => tall() < TALLEST ? box.scrollTop / height : (box.scrollTop / Math.max(1, TALLEST - box.clientHeight)) * Math.max(0, count() - inView());

  function paint() {
    const top = first(), from = Math.max(0, Math.floor(top) - AROUND), to = Math.min(count(), Math.ceil(top) + inView() + AROUND);
    const state = [top, from, to, at, count(), box.clientHeight].join();
    if (state === painted) return;
    painted = state;
    all.style.height = tall() + "px";
    const shift = box.scrollTop - top * height, shown = [];
    for (let i = from; i < to; i++) {
      const row = el("div", { class: "rows-row", role: "option", id: name + "-" + i, "aria-selected": String(i === at), "aria-setsize": count(), "aria-posinset": i + 1, click: () => choose(i) }, draw(i));
      row.style.top = shift + i * height + "px";
      row.style.height = height + "px";
      shown.push(row);
    }
    all.replaceChildren(...shown);
    if (at >= from && at < to) box.setAttribute("aria-activedescendant", name + "-" + at); else box.removeAttribute("aria-activedescendant");
  }

  function choose(i) { go(i); open(i); }

  function go(i) {
    const to = Math.max(0, Math.min(count() - 1, i)), before = at;
    if (!count()) return;
    at = to;
    reveal();
    painted = "";
    paint();
    if (at !== before) moved(at);
  }

  function reveal() {
    const top = first(), last = top + box.clientHeight / height - 1;
    if (at >= top && at <= last) return;
    const wanted = at < top ? at : at - box.clientHeight / height + 1;
    box.scrollTop = tall() < TALLEST ? wanted * height : (wanted / Math.max(1, count() - inView())) * (TALLEST - box.clientHeight);
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + inView(), PageUp: at - inView(), Home: 0, End: count() - 1 }[event.key];
    if (to !== undefined) go(to);
    else if ((event.key === "Enter" || event.key === " ") && count()) open(at);
    else return;
    event.preventDefault();
  }

  new ResizeObserver(() => { painted = ""; reveal(); paint(); }).observe(box);
  box.refresh = () => { painted = ""; at = Math.max(0, Math.min(at, count() - 1)); paint(); };
  box.go = go;
  box.at = () => at;
  box.start = () => { at = 0; box.scrollTop = 0; box.refresh(); };
  return box;
}
