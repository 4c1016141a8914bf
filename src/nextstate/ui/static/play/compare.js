// Two worlds side by side: the same beginning and the same actions, and where the answers differ.
import { clear, el, whole } from "../lib/dom.js";
import { difference } from "../lib/difference.js";
import { key } from "../lib/keys.js";
import { errorPanel, failed } from "../lib/notices.js";
import { badge, button, note } from "../lib/parts.js";
import { go, href } from "../lib/route.js";
import { recall } from "../lib/store.js";
import { about, worlds } from "../lib/worlds.js";
import { actionNode, turnCard } from "./card.js";
import { Composer } from "./composer.js";
import { Options } from "./options.js";
import { scenarioPicker, titleOf } from "./picker.js";

export async function show(place, route) {
  const [left, right] = route.path;
  if (left && right) return new Pair(await Promise.all([side(left), side(right)])).mount(place);
  return beginning(place, route);
}

const side = async (id) => {
  const [session, trajectory] = await Promise.all([worlds.view(id), worlds.trajectory(id)]);
  return { session, setup: trajectory.setup, turns: trajectory.turns };
};

async function beginning(place, route) {
  const [{ domains, models }, scenarios] = await Promise.all([about(), worlds.scenarios()]);
  const from = route.query.get("left") ? await side(route.query.get("left")) : null;
  const [a, b] = await Promise.all([Options.make({ title: "Left", name: "left" }), Options.make({ title: "Right", name: "right" })]);
  if (recall("right") === null && models[1]) b.model.value = models[1];
  let scenario = null;
  const wrong = el("div"), start = button("Start both", null, { kind: "primary", icon: "play", type: "submit", id: "start-both" });
  const run = async (event) => {
    event?.preventDefault();
    start.disabled = true;
    clear(wrong);
    try {
      const made = from ? [from.session, await again(from, b.values())] : await Promise.all([a, b].map((one) => worlds.create({ scenario, ...one.values() })));
      go(href("compare", ...made.map((one) => one.id)));
    } catch (error) {
      clear(wrong, errorPanel(error));
      start.disabled = false;
    }
  };
  const where = from ? note("Left is the session you come from, " + (from.session.scenario || "a world of your own") + ", by " + from.session.model + ". Right begins alike; its " + whole.format(from.turns.length) + " actions are taken again there.", "good")
    : scenarioPicker(domains, scenarios, recall("scenario"), (name) => { scenario = name; }, run);
  place.append(el("div", { class: "stack" }, el("div", { class: "stack tight" }, el("h1", {}, "Compare"), el("p", { class: "soft lead" }, "The same beginning and the same actions, answered by two world models, or by one under two instructions.")),
    where, el("form", { class: "stack", submit: run }, el("div", { class: "cols-2" }, from ? null : el("div", { class: "card" }, a.node), el("div", { class: "card" }, b.node)), wrong, el("div", {}, start))));
}

// A session that begins as another one did and is not played yet: its scenario, or its set-up brought along.
function again({ session, setup, turns }, options) {
  const taken = turns.findIndex((turn) => turn.meta?.outcome), given = taken < 0 ? turns : turns.slice(0, taken);
  const scenario = { domain: session.domain, setup, name: session.scenario, turns: given };
  return worlds.create({ scenario, instruction: setup.instruction, ...options });
}

class Pair {
  constructor(sides) {
    this.sides = sides;
    this.rows = el("div", { class: "stack pair-rows", role: "feed", "aria-label": "Turns" });
    this.count = el("p", { class: "soft", role: "status" });
    this.same = 0;
    this.composer = new Composer({ tools: sides[0].setup.tools ?? [], act: (action) => this.act(action), history: () => sides[0].turns.map((turn) => turn.action), hint: "Type an action for both" });
    this.replay = button("", () => this.catchUp(), { icon: "play" });
  }

  mount(place) {
    const heads = this.sides.map(({ session }, n) => el("div", { class: "card cluster pair-head" }, el("span", { class: "soft small" }, n ? "Right" : "Left"), el("h2", {}, el("a", { href: href("play", session.id) }, session.model)),
      el("span", { class: "soft small" }, "seed " + session.seed + (session.instruction ? ", told: " + session.instruction.slice(0, 80) : ""))));
    place.append(el("div", { class: "stack" }, el("div", { class: "stack tight" }, el("h1", {}, titleOf(this.sides[0].session)), this.count), el("div", { class: "pair pair-top" }, heads), this.rows, el("div", {}, this.replay), this.composer.node));
    const most = Math.max(...this.sides.map((one) => one.turns.length));
    for (let n = 0; n < most; n++) this.rows.append(this.row(n));
    this.tally();
    this.offer();
    key("/", "Type an action for both", () => this.composer.focus());
    return () => { this.gone = true; };
  }

  // One turn of both: the action where it is the same, both observations, and their difference.
  row(n) {
    const turns = this.sides.map((one) => one.turns[n]), [a, b] = turns, same = a && b && a.observation === b.observation, alike = a && b && a.action === b.action;
    const verdict = !a || !b ? badge("plain", "only one side") : same ? badge("computed", "same") : badge("retrieved", "differs");
    const cards = el("div", { class: "pair" }, turns.map((turn, side) => (turn ? turnCard({ index: n, ...turn }) : el("p", { class: "empty card" }, (side ? "Right" : "Left") + " has not come this far."))));
    const place = el("div");
    const toggle = button("Show the difference", () => {
      const on = !place.children.length;
      clear(place, on ? difference("left", a.observation, "right", b.observation) : null);
      toggle.setAttribute("aria-expanded", String(on));
      toggle.lastChild.textContent = on ? "Hide the difference" : "Show the difference";
    }, { kind: "quiet", icon: "compare", "aria-expanded": "false" });
    const node = el("section", { class: "pair-row stack tight", "aria-label": "Turn " + (n + 1) }, el("header", { class: "pair-action" }, el("span", { class: "turn-number" }, n + 1), alike ? actionNode(a.action) : el("span", { class: "soft" }, "different actions"), verdict, a && b && !same ? toggle : null), cards, place);
    if (a && b && !same && alike && a.observation.length + b.observation.length < 200_000) toggle.click();
    return node;
  }

  tally() {
    const [a, b] = this.sides.map((one) => one.turns), both = Math.min(a.length, b.length);
    let same = 0;
    for (let n = 0; n < both; n++) same += a[n].observation === b[n].observation;
    clear(this.count, both ? same + " of " + both + (both === 1 ? " turn is" : " turns are") + " the same on both sides." : "No turns yet: act below, and both worlds answer.");
  }

  async act(action) {
    if (this.busy) return false;
    this.setBusy(true);
    try {
      return await this.both([action, action]);
    } finally {
      this.setBusy(false);
      this.offer();
    }
  }

  setBusy(on) {
    this.busy = on;
    this.composer.busy(on);
    this.replay.disabled = on;
  }

  // Take a step on each side that has an action; what one side refuses, the other may still take.
  async both(actions) {
    const taken = await Promise.allSettled(this.sides.map((one, n) => (actions[n] === null ? null : worlds.step(one.session.id, actions[n]))));
    const from = Math.min(...this.sides.map((one) => one.turns.length)), wrong = [];
    taken.forEach((one, n) => {
      if (one.status === "rejected") wrong.push((n ? "Right: " : "Left: ") + one.reason.message);
      else if (one.value) this.sides[n].turns.push({ action: actions[n], ...one.value });
    });
    if (this.gone) return true;
    const most = Math.max(...this.sides.map((one) => one.turns.length));
    for (let n = from; n < most; n++) this.rows.children[n] ? this.rows.children[n].replaceWith(this.row(n)) : this.rows.append(this.row(n));
    this.tally();
    if (wrong.length) this.composer.say(wrong.map((text) => el("p", {}, text)));
    this.rows.children[most - 1]?.scrollIntoView({ block: "nearest" });
    return wrong.length < 2;
  }

  // What can be replayed: actions that one side has taken and the other not yet, or else those of the recording.
  async pending() {
    const [a, b] = this.sides.map((one) => one.turns);
    if (a.length !== b.length) {
      const behind = a.length < b.length ? 0 : 1, ahead = this.sides[1 - behind].turns;
      return { steps: ahead.slice(this.sides[behind].turns.length).map((turn) => (behind ? [null, turn.action] : [turn.action, null])), label: (behind ? "Take the left side's " : "Take the right side's ") + "actions on the " + (behind ? "right" : "left") };
    }
    const name = this.sides[0].session.scenario;
    this.recorded ??= name ? worlds.scenario(name).then((one) => (one.turns ?? []).map((turn) => turn.action ?? turn), () => []) : Promise.resolve([]);
    const rest = (await this.recorded).slice(a.length);
    return { steps: rest.map((action) => [action, action]), label: "Take the recorded actions" };
  }

  async offer() {
    const { steps, label } = await this.pending();
    this.replay.hidden = !steps.length;
    if (steps.length) this.replay.lastChild.nodeType === Node.TEXT_NODE ? (this.replay.lastChild.textContent = label + " (" + steps.length + ")") : this.replay.append(label + " (" + steps.length + ")");
    this.replay.classList.remove("icon-only");
  }

  async catchUp() {
    if (this.running) return void (this.running = false);
    const { steps } = await this.pending();
    this.running = true;
    this.setBusy(true);
    this.replay.disabled = false;
    this.replay.lastChild.textContent = "Stop";
    try {
      for (const step of steps) {
        if (!this.running || this.gone || !(await this.both(step))) break;
      }
    } catch (error) {
      failed(error);
    } finally {
      this.running = false;
      this.setBusy(false);
      this.offer();
    }
  }
}
