// The beginning: a scenario or tools of one's own, who answers, and with which seed.
import { clear, el } from "../lib/dom.js";
import { errorPanel } from "../lib/notices.js";
import { button, list, tabs } from "../lib/parts.js";
import { go, href } from "../lib/route.js";
import { recall, remember } from "../lib/store.js";
import { about, worlds } from "../lib/worlds.js";
import { Options } from "./options.js";
import { paste } from "./paste.js";
import { scenarioPicker, titleOf } from "./picker.js";

export async function begin(place, route) {
  const [{ domains }, scenarios, recent] = await Promise.all([about(), worlds.scenarios(), worlds.list().catch(() => [])]);
  const options = await Options.make();
  const start = button("Start", () => run(), { kind: "primary", icon: "play", id: "start" });
  const wrong = el("div");
  let world = null;

  const choose = (chosen) => {
    world = chosen;
    start.disabled = !chosen;
  };

  async function run() {
    start.disabled = true;
    clear(wrong);
    try {
      const session = await worlds.create({ ...world(), ...options.values() });
      go(href("play", session.id));
    } catch (error) {
      clear(wrong, errorPanel(error));
      start.disabled = false;
    }
  }

  const parts = [
    { id: "scenarios", title: "Scenarios", content: () => scenarioPicker(domains, scenarios, route.query.get("scenario") ?? recall("scenario"), (name) => {
      remember("scenario", name);
      choose(() => ({ scenario: name }));
    }, run) },
    { id: "tools", title: "Your own tools", content: () => { choose(null); return paste(domains, scenarios, choose); } },
  ];
  const form = el("form", { class: "card stack", "aria-label": "How it is played", submit: (event) => { event.preventDefault(); if (!start.disabled) run(); } }, options.node, start, wrong);
  start.type = "submit";
  place.replaceChildren(
    el("div", { class: "stack" },
      el("div", { class: "stack tight" }, el("h1", {}, "Step into a world"),
        el("p", { class: "soft lead" }, "Choose where to begin and act. What is determined is computed; the rest is predicted by a world model, and every answer says which.")),
      el("div", { class: "split" }, tabs("Where to begin", parts, route.query.get("with") ?? "scenarios"), el("div", { class: "stack" }, form, recentSessions(recent)))));
}

function recentSessions(sessions) {
  if (!sessions.length) return null;
  const rows = sessions.slice(0, 5).map((one) => ({ title: titleOf(one), detail: one.turns + (one.turns === 1 ? " turn, " : " turns, ") + one.model, href: href("play", one.id) }));
  return el("section", { class: "stack tight", "aria-label": "Recent sessions" }, el("h2", {}, "Go on"), list("Recent sessions", rows));
}
