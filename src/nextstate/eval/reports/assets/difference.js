// The difference of truth and prediction: lines that only one of them has, in place, with the words that changed.
const NEAR = 3;

// `runs` is what difference.py found: equal, gone, come, by three.
function differenceLines(truth, prediction, runs, folded) {
  const a = truth.split("\n"), b = prediction.split("\n");
  const kinds = [], first = [], second = [];
  const put = (kind, i, j) => { kinds.push(kind); first.push(i); second.push(j); };
  let i = 0, j = 0;
  for (let k = 0; k < runs.length; k += 3) {
    const [equal, gone, come] = runs.slice(k, k + 3);
    const above = k ? NEAR : 0, below = gone || come ? NEAR : 0;
    const hidden = folded && equal > above + below + 2 ? equal - above - below : 0;
    for (let n = 0; n < equal; n++) {
      if (hidden && n === above) { put("fold", hidden, 0); n += hidden - 1; } else put("", i + n, j + n);
    }
    i += equal; j += equal;
    for (let n = 0; n < gone; n++) put("gone", i + n, n < come ? j + n : -1);
    for (let n = 0; n < come; n++) put("come", n < gone ? i + n : -1, j + n);
    i += gone; j += come;
  }
  return changes(a, b, kinds, first, second);
}

function changes(a, b, kinds, first, second) {
  const known = new Map();
  const marks = (n) => {
    if (first[n] < 0 || second[n] < 0) return [];
    const key = first[n] + " " + second[n];
    if (!known.has(key)) {
      if (known.size > 400) known.clear();
      known.set(key, wordMarks(a[first[n]], b[second[n]]));
    }
    return known.get(key)[kinds[n] === "gone" ? 0 : 1];
  };
  const text = (n) => kinds[n] === "fold" ? whole.format(first[n]) + " equal lines" : kinds[n] === "come" ? b[second[n]] : a[first[n]];
  const changed = (n) => kinds[n] === "gone" || kinds[n] === "come";
  const blocks = [];
  for (let n = 0; n < kinds.length; n++) if (changed(n) && !(n && changed(n - 1))) blocks.push(n);
  return { count: kinds.length, text, kind: (n) => kinds[n], marks, signs: true, blocks };
}

// `names` are what the two are called, where they are not truth and prediction.
function difference(truth, prediction, runs, names = { first: "truth", second: "prediction" }) {
  const the = (name) => names.first === "truth" ? "the " + name : name;
  const gone = runs.reduce((sum, n, k) => sum + (k % 3 === 1 ? n : 0), 0), come = runs.reduce((sum, n, k) => sum + (k % 3 === 2 ? n : 0), 0);
  const section = make("section", { class: "difference" });
  if (truth === prediction) {
    section.append(make("h3", {}, "Difference"), make("p", { class: "empty" }, "none: " + names.second + " and " + names.first + " are the same text"));
    return section;
  }
  let folded = true, box, lines;
  const place = make("div");
  const show = () => {
    lines = differenceLines(truth, prediction, runs, folded);
    box = textBox("Difference of " + names.first + " and " + names.second, lines);
    place.replaceChildren(box);
    fold.textContent = folded ? "Show equal lines" : "Fold equal lines";
  };
  const go = (step) => {
    const at = box.line(), next = step > 0 ? lines.blocks.find((n) => n > at) : lines.blocks.findLast((n) => n < at);
    if (next !== undefined) box.jump(next);
  };
  const fold = make("button", { type: "button", click: () => { folded = !folded; show(); } });
  const legend = "− " + whole.format(gone) + " only in " + the(names.first) + ", + " + whole.format(come) + " only in " + the(names.second);
  section.append(make("div", { class: "head" }, make("h3", {}, "Difference"), make("span", { class: "soft" }, legend),
    make("button", { type: "button", click: () => go(-1) }, "Previous"), make("button", { type: "button", click: () => go(1) }, "Next"), fold), place);
  show();
  return section;
}
