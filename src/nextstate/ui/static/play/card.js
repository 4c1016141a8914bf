// One turn: what was done, what was shown, who answered and why.
import { el, time, whole } from "../lib/dom.js";
import { copied } from "../lib/notices.js";
import { badge, button } from "../lib/parts.js";
import { observation, signed } from "../lib/text.js";

export const SAYS = {
  computed: "Computed exactly from what is known; no model was asked.",
  recorded: "Taken as it was recorded.",
  retrieved: "Found in recordings of the same or a similar action.",
  model: "Predicted by the world model.",
};

// `shown` takes the place of the observation's text (a drawing); `actions` are buttons.
export function turnCard({ index, action, observation: text, meta = {}, seconds, shared, shown, actions = [] }) {
  const copy = button("", () => copied(copy, text), { icon: "copy", kind: "quiet", title: "Copy the observation" });
  return el("article", { class: "turn", "data-turn": index, "aria-label": "Turn " + (index + 1) },
    el("header", { class: "turn-action" }, el("span", { class: "turn-number", "aria-hidden": "true" }, index + 1), actionNode(action), el("span", { class: "turn-buttons" }, copy, actions)),
    el("div", { class: "turn-shown" }, shown ?? observation("Observation of turn " + (index + 1), text)),
    footer(meta, seconds, shared));
}

function footer(meta, seconds, shared) {
  const origin = meta.origin ?? (meta.outcome && meta.outcome !== "ok" ? meta.outcome : null), usage = meta.usage;
  const facts = [];
  if (meta.model) facts.push(String(meta.model));
  if (seconds !== undefined && seconds !== null) facts.push(time(seconds * 1000));
  if (usage) facts.push(whole.format((usage.prompt_tokens ?? 0) + (usage.completion_tokens ?? 0)) + " tokens" + (usage.cached_tokens ? " (" + whole.format(usage.cached_tokens) + " cached)" : ""));
  if (shared) facts.push("as this world had shown it before");
  if (meta.cut) facts.push("cut at " + whole.format(meta.cut.limit) + " of " + whole.format(meta.cut.chars) + " characters");
  const mark = origin ? badge(origin, origin) : badge("plain", "given");
  mark.title = SAYS[origin] ?? "Part of the scenario.";
  const why = meta.why ? el("span", { class: "turn-why" }, "Not computed: " + meta.why) : null;
  return el("footer", { class: "turn-meta" }, mark, facts.map((fact) => el("span", {}, fact)), why, meta.instruction ? el("span", { class: "turn-why" }, "Under another instruction than at the start") : null);
}

export function callOf(action) {
  if (!action.startsWith("{") || action.length > 200_000) return null;
  try {
    const value = JSON.parse(action);
    return typeof value.name === "string" && (value.arguments === undefined || (value.arguments && typeof value.arguments === "object" && !Array.isArray(value.arguments))) ? value : null;
  } catch {
    return null;
  }
}

// An action on one line.
export function worded(action, longest) {
  const call = callOf(action), text = call ? call.name + " " + Object.entries(call.arguments ?? {}).map(([name, value]) => name + ": " + JSON.stringify(value)).join(", ") : action.trim().split("\n")[0];
  return text.length > longest ? text.slice(0, longest) + "…" : text;
}

export function actionNode(action) {
  const call = callOf(action);
  if (!call) return el("div", { class: "action-text" }, multiline(action));
  const given = Object.entries(call.arguments ?? {});
  return el("div", { class: "action-text" }, el("b", {}, call.name), given.length ? el("dl", { class: "arguments" }, given.slice(0, 60).map(([name, value]) => [el("dt", {}, name), el("dd", {}, multiline(typeof value === "string" ? value : JSON.stringify(value)))])) : el("span", { class: "soft" }, " no arguments"));
}

export function multiline(text) {
  if (text.length > 4_000 || text.split("\n", 21).length > 20) return observation("Action", text);
  const node = el("span", { class: "as-it-is" });
  node.append(document.createTextNode(signed(text)));
  return node;
}

// A model writes an observation between tags; while it comes they are left away.
export const untagged = (text) => text.replace(/^[^]*<predicted_observation>\n?/, "").replace(/\n?<\/predicted_observation>[^]*$/, "");

// A turn that is being answered.
export function pendingCard(index, action, model) {
  const clock = el("span", {}, "0.0 s"), text = el("div", { class: "turn-shown" }), started = performance.now();
  const node = el("article", { class: "turn pending", "aria-busy": "true", "aria-label": "Turn " + (index + 1) },
    el("header", { class: "turn-action" }, el("span", { class: "turn-number", "aria-hidden": "true" }, index + 1), actionNode(action)), text,
    el("footer", { class: "turn-meta" }, el("span", { class: "pulse", "aria-hidden": "true" }), el("span", {}, model + " answers"), clock));
  const timer = setInterval(() => { if (node.isConnected) clock.textContent = ((performance.now() - started) / 1000).toFixed(1) + " s"; else clearInterval(timer); }, 100);
  let come = "";
  let drawing = 0;
  node.more = (part) => {
    come += part;
    drawing ||= requestAnimationFrame(() => { drawing = 0; text.replaceChildren(observation("What the model has written so far", untagged(come))); });
  };
  return node;
}
