// A file of JSON lines on the person's own machine, one trajectory a line, read by parts: what is held is where the lines
// are and what a list tells of them. A line that is too long to be parsed at once is looked through for its turns.
const PART = 4 * 2 ** 20, WHOLE = 2 * 2 ** 20, MOST_UNPACKED = 4 * 2 ** 30, LISTED = 200_000, TITLE = 120, LONGEST_VALUE = 16 * 2 ** 20;
const NEWLINE = 10, QUOTE = 34, COMMA = 44, COLON = 58, OPEN = 91, ESCAPE = 92, SHUT = 93, BEGIN = 123, END = 125;

// Numbers that are added one by one, eight bytes each.
class Numbers {
  constructor() { Object.assign(this, { held: new Float64Array(1024), length: 0 }); }

  push(value) {
    if (this.length === this.held.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.held);
      this.held = larger;
    }
    this.held[this.length++] = value;
  }
}

const bytesOf = async (blob, from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer());
const textOf = (bytes) => new TextDecoder("utf-8", { ignoreBOM: false }).decode(bytes);

// What a compressed file holds, as a Blob, which the browser keeps outside of this page's memory.
export async function unpacked(file, unpackElsewhere) {
  const kind = /\.gz$/i.test(file.name) ? "gzip" : /\.zst$/i.test(file.name) ? "zstd" : "";
  if (!kind) return file;
  let stream;
  try {
    stream = new DecompressionStream(kind);
  } catch {
    return unpackElsewhere(file);
  }
  let size = 0;
  const bounded = new TransformStream({
    transform(piece, controller) {
      size += piece.byteLength;
      if (size > MOST_UNPACKED) controller.error(new Error("unpacked, the file is longer than 4 GB"));
      else controller.enqueue(piece);
    },
  });
  try {
    return await new Response(file.stream().pipeThrough(stream).pipeThrough(bounded)).blob();
  } catch (error) {
    throw new Error("The compressed file cannot be unpacked: " + (error.message || "it is damaged or cut off"));
  }
}

export class Lines {
  // Find the lines of `blob`; `told(share)` is called on the way.
  static async of(blob, told = () => {}) {
    const found = new Lines(), starts = new Numbers();
    starts.push(0);
    for (let at = 0; at < blob.size; at += PART) {
      const bytes = await bytesOf(blob, at, at + PART);
      for (let n = bytes.indexOf(NEWLINE); n >= 0; n = bytes.indexOf(NEWLINE, n + 1)) starts.push(at + n + 1);
      told(Math.min(1, (at + PART) / blob.size));
    }
    if (starts.held[starts.length - 1] < blob.size) starts.push(blob.size + 1);
    Object.assign(found, { blob, starts: starts.held, count: starts.length - 1 });
    return found;
  }

  range(line) { return [this.starts[line], this.starts[line + 1] - 1]; }

  // Each line with its number, read several at a time: bytes, or null for one that is too long.
  async *each() {
    for (let line = 0; line < this.count;) {
      const [from] = this.range(line);
      let last = line;
      while (last + 1 < this.count && this.starts[last + 2] - from <= PART) last++;
      const to = this.range(last)[1];
      if (to - from > Math.max(WHOLE, PART)) { yield [line, null]; line++; continue; }
      const bytes = await bytesOf(this.blob, from, to);
      for (; line <= last; line++) {
        const [start, end] = this.range(line);
        yield [line, end - start > WHOLE ? null : bytes.subarray(start - from, end - from)];
      }
    }
  }

  // The trajectory of a line.
  async open(line) {
    const [from, to] = this.range(line);
    return to - from > WHOLE ? LongTrajectory.of(this.blob, from, to) : new Trajectory(parsed(textOf(await bytesOf(this.blob, from, to))));
  }
}

function parsed(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error("not JSON: " + error.message.slice(0, 200));
  }
  if (!value || typeof value !== "object" || typeof value.domain !== "string" || !Array.isArray(value.turns)) throw new Error("not a trajectory: it needs a 'domain' and a list of 'turns'");
  return value;
}

const object = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const text = (value) => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));

export function turnOf(value, simulated) {
  const { action, observation, meta, ...rest } = object(value), all = { ...rest, ...object(meta) };
  return { action: text(action), observation: text(observation), meta: all, origin: typeof all.origin === "string" ? all.origin : simulated ? "model" : "recorded", failed: failed(all) };
}

// Whether an action failed, as its recording says; null where it does not (as nextstate.data.filters.failed).
function failed(meta) {
  if (typeof meta.error === "boolean") return meta.error;
  if (typeof meta.exit_zero === "boolean") return !meta.exit_zero;
  const code = [meta.exit_code, meta.exit].find(Number.isInteger);
  return code === undefined ? null : code !== 0;
}

class Trajectory {
  constructor(value) {
    this.value = value;
    this.count = value.turns.length;
    this.simulated = Boolean(object(value.source).simulated_by);
  }

  get head() {
    const { id, domain, setup, source, meta } = this.value;
    return { id: text(id), domain: text(domain), turns: this.count, setup: object(setup), source: object(source), meta: object(meta) };
  }

  async turns(from, to) { return this.value.turns.slice(from, to).map((turn) => turnOf(turn, this.simulated)); }

  // The first `after` turns as a file would hold them.
  async beginning(after) { return { ...this.value, turns: this.value.turns.slice(0, after) }; }
}

// A trajectory of which only the places of its turns are held.
class LongTrajectory extends Trajectory {
  static async of(blob, from, to) {
    const outline = new Outline(from);
    for (let at = from; at < to; at += PART) outline.take(await bytesOf(blob, at, Math.min(to, at + PART)));
    if (!outline.whole) throw new Error("not JSON: the line ends early");
    const value = { turns: [] };
    for (const [name, start, end] of outline.values) {
      if (name === "turns") continue;
      value[name] = end - start > LONGEST_VALUE ? "(too long to be shown)" : JSON.parse(textOf(await bytesOf(blob, start, end)));
    }
    if (typeof value.domain !== "string" || !outline.turns) throw new Error("not a trajectory: it needs a 'domain' and a list of 'turns'");
    return Object.assign(new LongTrajectory(value), { blob, places: outline.turns.held, count: outline.turns.length / 2 });
  }

  async turns(from, to) {
    const last = Math.min(to, this.count);
    if (from >= last) return [];
    return JSON.parse("[" + textOf(await bytesOf(this.blob, this.places[2 * from], this.places[2 * last - 1])) + "]").map((turn) => turnOf(turn, this.simulated));
  }

  async beginning(after) {
    const turns = after ? JSON.parse("[" + textOf(await bytesOf(this.blob, this.places[0], this.places[2 * Math.min(after, this.count) - 1])) + "]") : [];
    return { ...this.value, turns };
  }
}

// Where the members of an object and the items of its "turns" are, found in bytes that come in pieces.
export class Outline {
  constructor(at) { Object.assign(this, { at, depth: 0, quoted: false, escaped: false, key: null, name: "", start: -1, item: -1, some: false, values: [], turns: null, whole: false }); }

  take(bytes) {
    for (let n = 0; n < bytes.length; n++) {
      const code = bytes[n];
      if (this.quoted) {
        if (this.escaped) this.escaped = false;
        else if (code === ESCAPE) this.escaped = true;
        else if (code === QUOTE) this.quoted = false;
        if (this.key && this.quoted) this.key.push(code);
      } else if (code > 32) this.mark(code, this.at + n);
    }
    this.at += bytes.length;
  }

  // A byte outside of strings.
  mark(code, at) {
    if (code === QUOTE) {
      this.quoted = true;
      if (this.depth === 1 && this.start < 0) this.key = [];
    } else if (code === COLON && this.depth === 1 && this.start < 0) {
      this.name = textOf(Uint8Array.from(this.key ?? []));
      [this.key, this.start] = [null, at + 1];
      return;
    } else if (code === BEGIN || code === OPEN) {
      this.depth++;
      if (code === OPEN && this.depth === 2 && this.name === "turns") {
        [this.turns, this.item, this.some] = [new Numbers(), at + 1, false];
        return;
      }
    } else if (code === END || code === SHUT) {
      if (this.depth === 2 && this.item >= 0) this.close(at);
      if (this.depth === 1) this.value(at);
      this.depth--;
      if (this.depth === 0) this.whole = true;
      return;
    } else if (code === COMMA) {
      if (this.depth === 2 && this.item >= 0) { this.close(at); this.item = at + 1; return; }
      if (this.depth === 1) this.value(at);
      return;
    }
    this.some = true;
  }

  // The end of an item of "turns".
  close(at) {
    if (this.some) { this.turns.push(this.item); this.turns.push(at); }
    [this.item, this.some] = [-1, false];
  }

  // The end of a member.
  value(at) {
    if (this.start >= 0) this.values.push([this.name, this.start, at]);
    [this.start, this.name] = [-1, ""];
  }
}

// What a list tells of a trajectory.
async function summary(line, one) {
  const { head } = one, origins = {};
  let errors = 0;
  for await (const turns of batches(one)) {
    for (const turn of turns) {
      origins[turn.origin.slice(0, 40)] = (origins[turn.origin.slice(0, 40)] ?? 0) + 1;
      if (turn.failed) errors++;
    }
  }
  const title = text(head.setup.initial_state).slice(0, 4 * TITLE).split(/\s+/).join(" ").trim().slice(0, TITLE);
  return { line, name: head.id.slice(0, 200), domain: head.domain.slice(0, 100), title, turns: head.turns, origins, failed: errors };
}

async function* batches(one) {
  const many = one instanceof LongTrajectory ? 500 : Infinity;
  for (let at = 0; at < one.count; at += many) yield await one.turns(at, Math.min(one.count, at + many));
}

async function holds(one, wanted) {
  const { head } = one, has = (value) => value.toLowerCase().includes(wanted);
  if ([head.id, text(head.setup.initial_state), text(head.setup.instruction)].some(has)) return true;
  for await (const turns of batches(one)) if (turns.some((turn) => has(turn.action) || has(turn.observation))) return true;
  return false;
}

export const fits = (one, { domain, origin, failed: wanted }) =>
  (!domain || one.domain === domain) && (!origin || Object.hasOwn(one.origins, origin)) && (!wanted || (wanted === "yes") === one.failed > 0);

// A file and the summaries of its lines, which are made when they are listed first.
export class LocalFile {
  constructor(name, lines) { Object.assign(this, { name, lines, known: null, broken: [], unread: 0 }); }

  // `part(entries, done)` gets what fits as it is found, in order.
  async list(filter, part, signal) {
    const wanted = filter.text.toLowerCase();
    if (this.known && !wanted) return part(this.known.filter((one) => fits(one, filter)), true);
    const every = [], before = new Map(this.known?.map((one) => [one.line, one]));
    let found = [], told = performance.now();
    [this.broken, this.unread] = [[], 0];
    for await (const [line, bytes] of this.lines.each()) {
      if (signal?.aborted) return;
      if (bytes && !textOf(bytes.subarray(0, 64)).trim() && !textOf(bytes).trim()) continue;
      if (every.length >= LISTED) { this.unread++; continue; }
      try {
        const one = bytes ? new Trajectory(parsed(textOf(bytes))) : await this.lines.open(line);
        const about = before.get(line) ?? (await summary(line, one));
        every.push(about);
        if (fits(about, filter) && (!wanted || (await holds(one, wanted)))) found.push(about);
      } catch (error) {
        this.broken.push({ line, why: error.message });
      }
      if (performance.now() - told > 200) {
        part(found, false, (line + 1) / this.lines.count);
        [found, told] = [[], performance.now()];
        await new Promise((done) => setTimeout(done));
      }
    }
    this.known = every;
    part(found, true);
  }
}
