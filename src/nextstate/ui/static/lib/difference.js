// Where two texts differ: which lines only one of them has, found here; shown as the report page shows it.
import { difference as shown } from "./shared.js";

const CELLS = 4_000_000;

// [equal, only in a, only in b]* in numbers of lines, as eval/reports/difference.py has it.
export function lineRuns(a, b) {
  const [x, y] = numbered(a.split("\n"), b.split("\n"));
  const found = [];
  let equal = 0, i = 0, j = 0;
  for (const [at, to, length] of [...blocks(x, y), [x.length, y.length, 0]]) {
    if (at > i || to > j) {
      found.push(equal, at - i, to - j);
      equal = 0;
    }
    equal += length;
    [i, j] = [at + length, to + length];
  }
  return equal ? [...found, equal, 0, 0] : found;
}

function numbered(a, b) {
  const known = new Map(), number = (line) => { if (!known.has(line)) known.set(line, known.size); return known.get(line); };
  return [Int32Array.from(a, number), Int32Array.from(b, number)];
}

// Blocks of equal lines: start in x, start in y, length. What begins and ends both alike is taken off first.
function blocks(x, y) {
  const shorter = Math.min(x.length, y.length);
  let start = 0, end = 0;
  while (start < shorter && x[start] === y[start]) start++;
  while (end < shorter - start && x[x.length - 1 - end] === y[y.length - 1 - end]) end++;
  const found = start ? [[0, 0, start]] : [];
  inner(x, y, start, start, x.length - end, y.length - end, found);
  if (end) found.push([x.length - end, y.length - end, end]);
  return found;
}

// A part between blocks: aligned by a longest common subsequence; where that is too much, lines that stand once in both part it.
function inner(x, y, i, j, endX, endY, found) {
  if (i === endX || j === endY) return;
  if ((endX - i) * (endY - j) <= CELLS) return common(x, y, i, j, endX, endY, found);
  for (const [at, to] of anchors(x, y, i, j, endX, endY)) {
    if ((at - i) * (to - j) <= CELLS && at > i && to > j) common(x, y, i, j, at, to, found);
    found.push([at, to, 1]);
    [i, j] = [at + 1, to + 1];
  }
  if ((endX - i) * (endY - j) <= CELLS && i < endX && j < endY) common(x, y, i, j, endX, endY, found);
}

function common(x, y, i, j, endX, endY, found) {
  const n = endX - i, m = endY - j, width = m + 1, best = new Uint16Array((n + 1) * width);
  for (let p = n - 1; p >= 0; p--) {
    for (let q = m - 1; q >= 0; q--) {
      const here = p * width + q;
      best[here] = x[i + p] === y[j + q] ? best[here + width + 1] + 1 : Math.max(best[here + width], best[here + 1]);
    }
  }
  for (let p = 0, q = 0; p < n && q < m;) {
    if (x[i + p] === y[j + q]) found.push([i + p++, j + q++, 1]);
    else if (best[(p + 1) * width + q] >= best[p * width + q + 1]) p++;
    else q++;
  }
}

// Pairs of lines that stand once in both, rising in both (patience).
function anchors(x, y, i, j, endX, endY) {
  const once = (side, from, to) => {
    const places = new Map();
    for (let at = from; at < to; at++) places.set(side[at], places.has(side[at]) ? -1 : at);
    return places;
  };
  const first = once(x, i, endX), second = once(y, j, endY), pairs = [];
  for (const [line, at] of first) if (at >= 0 && (second.get(line) ?? -1) >= 0) pairs.push([at, second.get(line)]);
  return rising(pairs);
}

function rising(pairs) {
  const ends = [], before = [];
  pairs.forEach(([, to], n) => {
    let low = 0, high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[ends[middle]][1] < to) low = middle + 1; else high = middle;
    }
    before.push(low ? ends[low - 1] : -1);
    ends[low] = n;
  });
  const found = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at]) found.push(pairs[at]);
  return found.reverse();
}

// A section that shows the difference of two texts; words that changed are marked, equal lines are folded.
export function difference(labelA, a, labelB, b) {
  return shown(a, b, lineRuns(a, b), { first: labelA, second: labelB });
}
