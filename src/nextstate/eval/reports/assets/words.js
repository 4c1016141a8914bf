// Which words of two lines differ: ranges of characters, [from, to) by pairs. Lines with little in common get none.
const WORD = /[\p{L}\p{N}_]+|\s+|[^]/gu;
const LONGEST_LINE = 4000, CELLS = 40000;

function wordMarks(a, b) {
  if (a.length > LONGEST_LINE || b.length > LONGEST_LINE) return ends(a, b);
  const x = a.match(WORD) ?? [], y = b.match(WORD) ?? [];
  let start = 0, end = 0;
  while (start < x.length && start < y.length && x[start] === y[start]) start++;
  while (end < x.length - start && end < y.length - start && x.at(-1 - end) === y.at(-1 - end)) end++;
  const [keepA, keepB] = common(x.slice(start, x.length - end), y.slice(start, y.length - end));
  const kept = (keep, i, all) => i < start || i >= all.length - end || keep[i - start];
  const same = x.filter((word, i) => kept(keepA, i, x) && word.trim()).join("").length;
  if (same * 4 < Math.max(a.length, b.length)) return [[], []];
  return [ranges(x, (i) => kept(keepA, i, x)), ranges(y, (i) => kept(keepB, i, y))];
}

// Long lines: all between the common beginning and end differs.
function ends(a, b) {
  const shorter = Math.min(a.length, b.length);
  let start = 0, end = 0;
  while (start < shorter && a.charCodeAt(start) === b.charCodeAt(start)) start++;
  while (end < shorter - start && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) end++;
  return (start + end) * 4 < Math.max(a.length, b.length) ? [[], []] : [[start, a.length - end], [start, b.length - end]];
}

// Which words of `x` and of `y` are in their longest common subsequence.
function common(x, y) {
  const n = x.length, m = y.length, keepX = new Uint8Array(n), keepY = new Uint8Array(m);
  if (!n || !m || n * m > CELLS) return [keepX, keepY];
  const width = m + 1, best = new Uint16Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      best[i * width + j] = x[i] === y[j] ? best[(i + 1) * width + j + 1] + 1 : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    }
  }
  for (let i = 0, j = 0; i < n && j < m;) {
    if (x[i] === y[j]) { keepX[i++] = 1; keepY[j++] = 1; }
    else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) i++;
    else j++;
  }
  return [keepX, keepY];
}

function ranges(words, kept) {
  const found = [];
  let at = 0;
  words.forEach((word, i) => {
    if (!kept(i)) {
      if (found.length && found.at(-1) === at) found[found.length - 1] = at + word.length;
      else found.push(at, at + word.length);
    }
    at += word.length;
  });
  return found;
}
