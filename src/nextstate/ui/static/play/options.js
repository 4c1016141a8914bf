// Who answers: world model, seed and simulation instruction.
import { el } from "../lib/dom.js";
import { field, fold, select } from "../lib/parts.js";
import { recall, remember } from "../lib/store.js";
import { about } from "../lib/worlds.js";

export class Options {
  static async make({ title = "How", name = "model", instruction = "" } = {}) {
    return new Options(await about(), title, name, instruction);
  }

  constructor({ models, model }, title, name, instruction) {
    this.model = select(models.map((one) => [one, one]), recall(name) ?? model, (value) => remember(name, value));
    this.seed = el("input", { class: "input", type: "number", step: "1", value: "0", inputmode: "numeric" });
    this.instruction = el("textarea", { class: "input", rows: "4", placeholder: "Left empty: as the scenario has it." }, instruction);
    this.node = el("div", { class: "stack" }, el("h2", {}, title), field("World model", this.model), field("Seed", this.seed, "The same scenario, model and seed give the same world."),
      fold("Simulation instruction", () => field("What the world model is told about how to simulate", this.instruction)));
  }

  values() {
    const chosen = { model: this.model.value, seed: Math.trunc(Number(this.seed.value)) || 0 };
    return this.instruction.value.trim() ? { ...chosen, instruction: this.instruction.value } : chosen;
  }
}
