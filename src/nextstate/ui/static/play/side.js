// Beside the turns: what the kernel knows, the branches, the simulation instruction, the set-up.
import { clear, el } from "../lib/dom.js";
import { announce, errorPanel, toast } from "../lib/notices.js";
import { button, empty, field, fold, tabs } from "../lib/parts.js";
import { recall, remember } from "../lib/store.js";
import { observation } from "../lib/text.js";
import { worlds } from "../lib/worlds.js";
import { branchTree } from "./branches.js";

const TITLES = { facts: "Facts", branches: "Branches", instruction: "Instruction", setup: "Set-up" };

export class Side {
  constructor(game) {
    this.game = game;
    this.titles = TITLES;
    this.drafts = null;
    const make = { facts: () => this.later(() => this.facts()), branches: () => this.later(() => branchTree(game)), instruction: () => this.instruction(), setup: () => this.setup() };
    this.tabs = tabs("About this session", Object.entries(TITLES).map(([id, title]) => ({ id, title, content: make[id] })), recall("side", "facts"), (id) => remember("side", id));
    this.node = el("aside", { class: "side card", "aria-label": "About this session" }, this.tabs);
  }

  open(id) {
    this.tabs.open(id, true);
    this.node.scrollIntoView({ block: "nearest" });
  }

  // Something has happened: draw anew what shows it.
  changed() {
    if (["facts", "branches"].includes(this.tabs.now())) this.tabs.redraw();
  }

  later(work) {
    const node = el("div", { class: "side-part" }, this.last?.id === this.tabs?.now() && this.last ? this.last.shown : el("p", { class: "soft small" }, "Loading…"));
    const id = this.tabs?.now();
    work().then((shown) => { this.last = { id, shown }; clear(node, shown); }, (error) => clear(node, errorPanel(error)));
    return node;
  }

  async facts() {
    const facts = await worlds.facts(this.game.session.id);
    return el("div", { class: "stack tight" }, el("p", { class: "soft small" }, "What follows for certain from what was shown, as the kernel tells it to the world model."),
      facts ? observation("Known facts", facts) : empty("Nothing is known for certain yet."));
  }

  instruction() {
    const { session } = this.game;
    const input = el("textarea", { class: "input", rows: "9", placeholder: "None. For example: the network is slow and drops one request in three." });
    input.value = this.drafts ?? session.instruction ?? "";
    input.addEventListener("input", () => { this.drafts = input.value; });
    const save = button("Use from here on", () => this.instruct(input.value), { kind: "primary", id: "use-instruction" });
    return el("form", { class: "stack tight", submit: (event) => event.preventDefault() }, field("Simulation instruction", input, "It changes how the world model simulates the turns that follow. Turns already shown stay."), el("div", {}, save));
  }

  async instruct(text) {
    try {
      this.game.session = await worlds.instruct(this.game.session.id, text);
      this.drafts = null;
      this.game.drawHead();
      toast(text ? "The instruction holds from here on." : "No instruction from here on.", "good");
    } catch (error) {
      announce(error.message);
      this.node.querySelector("form")?.prepend(errorPanel(error));
    }
  }

  setup() {
    const { setup } = this.game, tools = setup.tools ?? [];
    return el("div", { class: "stack tight" },
      setup.initial_state ? fold("Initial state", () => observation("Initial state", setup.initial_state), { open: true }) : empty("Nothing is said about the initial state."),
      setup.instruction ? fold("Instruction at the start", () => observation("Instruction at the start", setup.instruction)) : null,
      tools.length ? el("h3", {}, "Tools") : null,
      tools.map((tool) => fold(tool.name, () => el("div", { class: "stack tight" }, tool.description ? el("p", { class: "small" }, tool.description.slice(0, 5_000)) : null, observation("Schema of " + tool.name, JSON.stringify(tool.inputSchema ?? {}, null, 2))))),
      setup.facts && Object.keys(setup.facts).length ? fold("Facts of the set-up", () => observation("Facts of the set-up", JSON.stringify(setup.facts, null, 2))) : null);
  }
}
