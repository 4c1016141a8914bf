// A domain, then one of its scenarios.
import { clear, el } from "../lib/dom.js";
import { empty, list } from "../lib/parts.js";

// `choose(name)` is called when one is chosen, `start` when it is chosen twice.
export function scenarioPicker(domains, scenarios, chosen, choose, start) {
  const known = domains.filter((domain) => scenarios.some((one) => one.domain === domain.name));
  if (!known.length) return empty("This server has no scenarios. Begin with tools of your own.");
  const first = scenarios.find((one) => one.name === chosen) ?? scenarios.find((one) => one.domain === plainest(known, scenarios).name);
  let name = first.name, domain = first.domain;
  const place = el("div"), chips = el("div", { class: "chips", role: "group", "aria-label": "Domain" });

  function draw() {
    clear(chips, known.map((one) => el("button", { type: "button", class: "chip", "aria-pressed": String(one.name === domain), click: () => pick(one.name) }, one.name)));
    const rows = scenarios.filter((one) => one.domain === domain);
    clear(place, list("Scenarios of " + domain, rows.map((one) => ({ title: short(one), detail: detail(one), pressed: one.name === name, click: () => take(one.name) }))));
  }

  function pick(wanted) {
    domain = wanted;
    take(scenarios.find((one) => one.domain === domain).name, false);
    [...chips.children].find((chip) => chip.textContent === domain)?.focus();
  }

  function take(wanted, focus = true) {
    if (wanted === name && focus && start) return start();
    name = wanted;
    draw();
    choose(name);
    if (focus) place.querySelector('[aria-pressed="true"]')?.focus();
  }

  draw();
  choose(name);
  return el("div", { class: "stack" }, chips, place);
}

// A kind of world where a line of text is all that is needed to act.
const plainest = (known, scenarios) => known.find((domain) => !domain.screens && scenarios.some((one) => one.domain === domain.name && !one.tools)) ?? known[0];

// A name without the domain's in front, which stands beside it.
const bare = (name, domain) => (name.startsWith(domain + "/") ? name.slice(domain.length + 1) : name);
export const short = (one) => bare(one.name, one.domain);

// What a session is called.
export const titleOf = ({ scenario, domain }) => bare(scenario, domain) || "A world of your own";

function detail(one) {
  const many = one.turns + (one.turns === 1 ? " recorded turn" : " recorded turns");
  return (one.title ? one.title.slice(0, 140) + " · " : "") + (one.tools ? one.tools + " tools · " : "") + many;
}
