// The socket of a session's terminal. Where it is lost it is opened again, for as long as the session is there.
import { secret } from "../lib/store.js";
import { worlds } from "../lib/worlds.js";

const SOONEST = 500, LATEST = 15_000;
const UNFIT = 4400, NOT_FOUND = 4404;

export class Wire {
  // `take(frame)` gets what the server sends; `lost(milliseconds)` hears of a new attempt, `over(error?)` of the last one.
  constructor(id, { take, lost, over }) {
    Object.assign(this, { id, take, lost, over, socket: null, tries: 0, timer: 0 });
    this.soon = () => { if (this.timer) this.open(); };
    addEventListener("online", this.soon);
  }

  open() {
    this.drop();
    const key = secret(), address = location.origin.replace(/^http/, "ws") + "/s/" + encodeURIComponent(this.id) + "/terminal";
    const socket = this.socket = new WebSocket(address, key ? ["nextstate", "bearer." + key] : []);
    socket.addEventListener("message", ({ data }) => { if (socket === this.socket) { this.tries = 0; this.take(JSON.parse(data)); } });
    socket.addEventListener("close", ({ code }) => { if (socket === this.socket) this.closed(code); });
  }

  send(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  drop() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.timer = 0;
    this.socket = null;
    socket?.close();
  }

  leave() {
    this.drop();
    removeEventListener("online", this.soon);
  }

  // A handshake that is refused does not say why; the API does, and asks for a key where one is needed.
  async closed(code) {
    this.socket = null;
    if (code === UNFIT || code === NOT_FOUND) return this.over();
    const wait = Math.min(LATEST, SOONEST * 2 ** this.tries++);
    this.timer = setTimeout(() => this.open(), wait);
    const mine = this.timer;
    this.lost(wait);
    const error = await worlds.view(this.id).then(() => null, (problem) => problem);
    if (!error?.status || mine !== this.timer) return;
    this.drop();
    this.over(error);
  }
}
