// The sessions of this key: reopen, close, go on.
import { clear, el, whole } from "../lib/dom.js";
import { announce, failed } from "../lib/notices.js";
import { badge, button, empty } from "../lib/parts.js";
import { href } from "../lib/route.js";
import { worlds } from "../lib/worlds.js";
import { titleOf } from "./picker.js";

const PAGE = 100;

export async function show(place) {
  const body = el("tbody"), more = el("div"), table = el("table", { class: "plain sessions" }, el("thead", {}, el("tr", {}, ["Session", "Turns", "Model", "Changed", ""].map((title) => el("th", { scope: "col" }, title || el("span", { class: "visually-hidden" }, "What can be done"))))), body);
  const nothing = el("div");
  const load = async (before) => {
    const found = await worlds.list(before);
    body.append(...found.map((one) => row(one)));
    clear(more, found.length === PAGE ? button("Show older ones", () => load(found.at(-1).id).catch(failed)) : null);
    table.hidden = !body.children.length;
    clear(nothing, body.children.length ? null : empty("No sessions yet. Begin one under Play."));
  };
  place.append(el("div", { class: "stack" }, el("h1", {}, "Sessions"), el("div", { class: "table-wrap" }, table), nothing, more));
  await load();
}

function row(one) {
  const state = one.kind === "snapshot" ? badge("plain", "snapshot") : one.ending ? badge("plain", "ended: " + one.ending) : badge("computed", "open");
  const close = one.ending || one.kind === "snapshot" ? null : button("Close", async () => {
    try {
      node.replaceWith(row(await worlds.close(one.id)));
      announce("The session is closed.");
    } catch (error) {
      failed(error);
    }
  }, { kind: "quiet", "aria-label": "Close the session " + one.id });
  const node = el("tr", {}, el("td", {}, el("div", { class: "stack tight" }, el("a", { href: href("play", one.id) }, titleOf(one)), el("span", { class: "cluster" }, state, el("span", { class: "soft small mono" }, one.id), one.parent ? el("span", { class: "soft small" }, "a fork") : null))),
    el("td", {}, whole.format(one.turns)), el("td", {}, one.model), el("td", {}, el("time", { datetime: new Date(one.touched * 1000).toISOString() }, ago(one.touched))), el("td", {}, close));
  return node;
}

export function ago(seconds, now = Date.now() / 1000) {
  const past = Math.max(0, now - seconds);
  if (past < 60) return "just now";
  const [size, name] = past < 3_600 ? [60, "minute"] : past < 86_400 ? [3_600, "hour"] : [86_400, "day"], n = Math.round(past / size);
  return n + " " + name + (n === 1 ? "" : "s") + " ago";
}
