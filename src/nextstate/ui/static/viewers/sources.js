// Where trajectories come from: those that the server offers, and files that the person opened. Both are read the same
// way: `list(filter, part, signal)`, and `open(key)`, which gives a head, lines of an outline, turns, and a way to play on.
import { api, ApiError } from "../lib/api.js";
import { secret } from "../lib/store.js";
import { LocalFile, Lines, unpacked } from "./jsonl.js";

const PAGE = 100, OUTLINE = 200, KEPT = 40;

let known = null;
export const about = () => (known ??= api.get("/viewers/about").catch((error) => { known = null; throw error; }));

// Parts of a long list, asked for when they are needed, and the last ones kept.
class Pages {
  constructor(size, ask) { Object.assign(this, { size, ask, held: new Map() }); }

  // The row `i`, or undefined and `come()` when it has come.
  row(i, come) {
    const number = Math.floor(i / this.size), page = this.held.get(number);
    if (Array.isArray(page)) return page[i - number * this.size];
    if (!page) {
      this.held.set(number, this.ask(number * this.size, this.size).then((rows) => { this.held.set(number, rows); come(); }, () => this.held.delete(number)));
      if (this.held.size > KEPT) this.held.delete(this.held.keys().next().value);
    }
    return undefined;
  }
}

class Opened {
  constructor(head, outline, turn, play) { Object.assign(this, { head, turn, play, pages: new Pages(OUTLINE, outline) }); }

  line(i, come) { return this.pages.row(i, come); }
}

export const server = {
  key: "server",
  title: "On this server",
  async list(filter, part, signal) {
    for (let offset = 0; offset !== null;) {
      const found = await api.get("/viewers/trajectories", { query: { ...filter, offset, limit: PAGE }, signal });
      offset = found.next;
      part(found.entries.map((one) => ({ ...one, key: one.name })), offset === null, offset === null ? 1 : offset / found.total);
    }
  },
  async open(name) {
    const head = await api.get("/viewers/trajectory", { query: { name } });
    const ask = async (path, from, count) => (await api.get(path, { query: { name, from, count } })).turns;
    return new Opened(head, (from, count) => ask("/viewers/outline", from, count), async (i) => (await ask("/viewers/turns", i, 1))[0], (after, model) => api.post("/viewers/play", { name, after, model }));
  },
};

// Files that were opened in this page, in order.
export const files = [];

export async function openFile(file, told) {
  const blob = await unpacked(file, unpackOnServer);
  const found = new LocalFile(file.name, await Lines.of(blob, told));
  files.push(local(found));
  return files.length - 1;
}

function local(file) {
  return {
    key: "file",
    title: file.name,
    file,
    list: (filter, part, signal) => file.list(filter, (found, done, share) => part(found.map((one) => ({ ...one, key: String(one.line) })), done, share), signal),
    async open(key) {
      const one = await file.lines.open(Number(key));
      const short = ({ action, origin, failed }) => ({ action: action.slice(0, 200), origin, failed });
      return new Opened(one.head, async (from, count) => (await one.turns(from, from + count)).map(short), async (i) => (await one.turns(i, i + 1))[0], async (after, model) => api.post("/viewers/play", { trajectory: await one.beginning(after), after, model }));
    },
  };
}

// Unpack a .zst file where the browser cannot.
async function unpackOnServer(file) {
  const headers = { "Content-Type": "application/json" };
  if (secret()) headers.Authorization = "Bearer " + secret();
  const response = await fetch("/viewers/unpack", { method: "POST", headers, body: JSON.stringify({ packed: await base64(file) }) });
  if (response.ok) return response.blob();
  const told = await response.json().catch(() => null);
  throw new ApiError(response.status, "damaged", told?.error?.message ?? "The server cannot unpack the file.", "Unpack it with `zstd -d` and open what comes out.");
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let found = "";
  for (let at = 0; at < bytes.length; at += 0x6000) found += btoa(String.fromCharCode(...bytes.subarray(at, at + 0x6000)));
  return found;
}
