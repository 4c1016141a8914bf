// What the page tells: messages that pass, what a screen reader should hear, errors with what to do.
import { byId, el, icon } from "./dom.js";

const STAYS = 6_000;

export function toast(message, kind = "info") {
  const node = el("div", { class: "toast " + kind, role: kind === "bad" ? "alert" : "status" }, el("span", { class: "grow" }, message),
    el("button", { type: "button", class: "btn quiet icon-only", "aria-label": "Dismiss", click: () => node.remove() }, icon("close")));
  const place = byId("toasts");
  place.append(node);
  while (place.children.length > 4) place.firstElementChild.remove();
  const leave = () => (node.matches(":hover, :focus-within") ? setTimeout(leave, 1_500) : node.remove());
  setTimeout(leave, kind === "bad" ? 2 * STAYS : STAYS);
}

// Say something to whoever listens to the page instead of looking at it.
export function announce(text) {
  byId("said").replaceChildren(el("p", {}, String(text).slice(0, 600)));
}

export function failed(error) {
  toast(error.hint ? error.message + " " + error.hint : error.message ?? String(error), "bad");
}

// An error in the place where something should have been.
export function errorPanel(error, retry) {
  return el("div", { class: "note bad stack tight", role: "alert" }, el("p", {}, error.message ?? String(error)), error.hint ? el("p", {}, error.hint) : null,
    retry ? el("div", {}, el("button", { type: "button", class: "btn", click: retry }, "Try again")) : null);
}

export async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.", "good");
  } catch {
    toast("This browser does not let the page copy; select the text instead.", "bad");
  }
  button?.focus();
}
