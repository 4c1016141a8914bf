// Texts of any size: lines are cut to the width, and of a long text only what is in view is in the document.
const HEIGHT = 18, FEW = 300, MOST = 850000;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\ud800-\udbff]/;

let letter = 0;

function letterWidth(box) {
  if (letter) return letter;
  const probe = make("span", {}, "0".repeat(100));
  box.append(probe);
  letter = probe.getBoundingClientRect().width / 100 || 7.2;
  probe.remove();
  return letter;
}

// A box that shows `lines`: `count`, `text(i)`, `kind(i)` ("", "gone", "come" or "fold") and `marks(i)` (see words.js).
function textBox(label, lines) {
  const all = make("div", { class: "all" });
  const box = make("div", { class: "text", role: "region", tabindex: "0", "aria-label": label }, all);
  const state = { columns: 0, starts: null, first: -1, last: -1 };
  const signs = lines.signs ? 2 : 0;

  function layOut() {
    const columns = Math.max(16, Math.floor((box.clientWidth - 18) / letterWidth(box)) - signs);
    if (!box.clientWidth || columns === state.columns) return;
    state.columns = columns;
    state.starts = new Uint32Array(lines.count + 1);
    for (let i = 0; i < lines.count; i++) state.starts[i + 1] = state.starts[i] + Math.max(1, Math.ceil(lines.text(i).length / width(i)));
    state.total = Math.min(MOST, state.starts[lines.count]);
    const far = state.total > FEW;
    box.classList.toggle("far", far);
    all.style.height = far ? state.total * HEIGHT + "px" : "";
    state.first = state.last = -1;
    paint();
  }

  const width = (i) => WIDE.test(lines.text(i)) ? Math.max(8, state.columns >> 1) : state.columns;

  function paint() {
    const far = state.total > FEW;
    const first = far ? Math.max(0, Math.floor(box.scrollTop / HEIGHT) - 20) : 0;
    const last = far ? Math.min(state.total, first + Math.ceil(box.clientHeight / HEIGHT) + 40) : state.total;
    if (first === state.first && last === state.last) return;
    [state.first, state.last] = [first, last];
    const rows = [];
    let i = lineAt(first);
    for (let at = first; at < last; at++) {
      while (state.starts[i + 1] <= at) i++;
      const row = paintedRow(lines, i, at - state.starts[i], width(i));
      if (far) row.style.top = at * HEIGHT + "px";
      rows.push(row);
    }
    all.replaceChildren(...rows);
  }

  // The line that the row `at` belongs to.
  function lineAt(at) {
    let low = 0, high = lines.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (state.starts[middle] <= at) low = middle; else high = middle - 1;
    }
    return low;
  }

  box.addEventListener("scroll", () => requestAnimationFrame(paint), { passive: true });
  new ResizeObserver(layOut).observe(box);
  box.jump = (i) => { box.scrollTop = Math.max(0, state.starts[i] - 3) * HEIGHT; };
  box.line = () => lineAt(Math.min(state.total - 1, Math.ceil(box.scrollTop / HEIGHT) + 3));
  return box;
}

const SIGNS = { gone: "− ", come: "+ ", fold: "⋯ ", "": "  " };

function paintedRow(lines, i, part, width) {
  const text = lines.text(i), kind = lines.kind(i), row = make("div", { class: "row " + kind });
  const from = unsplit(text, part * width), to = unsplit(text, Math.min(text.length, (part + 1) * width));
  if (lines.signs) row.append(make("span", { class: "sign" }, part ? "  " : SIGNS[kind]));
  const marks = kind === "gone" || kind === "come" ? lines.marks(i) : [];
  let at = from;
  for (let k = 0; k < marks.length; k += 2) {
    const start = Math.max(at, marks[k]), end = Math.min(to, marks[k + 1]);
    if (end <= start) continue;
    if (start > at) row.append(visible(text.slice(at, start)));
    row.append(make(kind === "gone" ? "del" : "ins", {}, text.slice(start, end)));
    at = end;
  }
  row.append(visible(text.slice(at, to)) || (from === to ? "\u200b" : ""));
  return row;
}

// A place that does not stand between the halves of a character.
function unsplit(text, at) {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code < 0xe000 && at > 0 ? at + 1 : at;
}

function plainText(label, text) {
  const lines = text.split("\n");
  return textBox(label, { count: lines.length, text: (i) => lines[i], kind: () => "", marks: () => [] });
}

// A text under a heading, with a button that copies it.
function titled(title, text, level = "h3") {
  const copy = make("button", { type: "button", "aria-label": "Copy " + title, click: () => copied(copy, text) }, "Copy");
  const lines = text.split("\n").length;
  const size = whole.format(text.length) + " characters, " + whole.format(lines) + (lines === 1 ? " line" : " lines");
  const head = make("div", { class: "head" }, make(level, {}, title), make("span", { class: "soft" }, size), copy);
  return make("div", {}, head, text ? plainText(title, text) : make("p", { class: "empty" }, "nothing at all (an empty text)"));
}

async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed here";
  }
}
