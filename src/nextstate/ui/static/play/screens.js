// Worlds of screens: the last screen is drawn and can be clicked, earlier ones are folded.
import { clear, el } from "../lib/dom.js";
import { errorPanel } from "../lib/notices.js";
import { fold, tabs } from "../lib/parts.js";
import { picture } from "../lib/picture.js";
import { recall, remember } from "../lib/store.js";
import { observation } from "../lib/text.js";
import { worlds } from "../lib/worlds.js";

export class Screens {
  constructor(game) {
    Object.assign(this, { game, on: Boolean(game.domain.pictures), places: new Map() });
  }

  // Where the screen at the start stands.
  first(text) {
    return this.place(-1, text, "How it begins");
  }

  // What a turn shows in the place of its text; undefined where texts are shown as they are.
  shown(turn) {
    return this.on ? this.place(turn.index, turn.observation, "Screen after turn " + (turn.index + 1)) : undefined;
  }

  place(index, text, title) {
    const node = el("div", { class: "screen-place" });
    this.places.set(index, { node, text, title });
    this.folded(index);
    return node;
  }

  folded(index) {
    const { node, text, title } = this.places.get(index);
    clear(node, fold(title, () => (this.on ? this.drawing(index, text, title, null) : observation(title, text))));
  }

  // The last screen, to be acted on.
  live() {
    if (!this.on) return;
    const index = this.game.turns.length - 1, place = this.places.get(index);
    if (!place) return;
    this.now = index;
    clear(place.node, this.drawing(index, place.text, place.title, (action) => this.game.composer.node.hidden || this.game.act(action)));
  }

  retire() {
    if (this.on && this.places.has(this.now)) this.folded(this.now);
  }

  drawing(index, text, title, act) {
    const drawn = () => {
      const node = el("div", {}, el("p", { class: "soft small" }, "Drawing…"));
      worlds.picture(this.game.session.id, index + 1).then((html) => clear(node, picture(html, act, title)), (error) => clear(node, errorPanel(error)));
      return node;
    };
    return tabs(title, [{ id: "drawing", title: "Drawing", content: drawn }, { id: "text", title: "Text", content: () => observation(title, text) }], recall("screen", "drawing"), (id) => remember("screen", id));
  }
}
