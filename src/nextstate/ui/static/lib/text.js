// Texts of worlds: short ones whole, long ones in a box of which only what is in view is in the document.
import { el, whole } from "./dom.js";
import { plainText, textBox, titled, visible } from "./shared.js";

export { plainText, textBox, titled };

const FEW_LINES = 60, FEW_CHARACTERS = 12_000, LONGEST = 2_000;
export const SHOWN_AT_MOST = 20_000_000;

const short = (text) => text.length <= FEW_CHARACTERS && text.split("\n", FEW_LINES + 1).length <= FEW_LINES && !/[^\n]{2001}/.test(text);

// Signs for what cannot be seen, line by line: line breaks stay what they are.
export const signed = (text) => text.split("\n").map(visible).join("\n");

export function observation(label, text) {
  if (!text) return el("p", { class: "soft small" }, "nothing was shown");
  const shown = text.length > SHOWN_AT_MOST ? text.slice(0, SHOWN_AT_MOST) : text;
  if (short(shown)) return plainNode(shown.endsWith("\n") ? shown.slice(0, -1) : shown);
  const lines = shown.split("\n").length, size = whole.format(text.length) + " characters, " + whole.format(lines) + (lines === 1 ? " line" : " lines");
  return el("div", {}, plainText(label, shown), el("p", { class: "soft small" }, shown === text ? size : size + "; the rest is in the download"));
}

function plainNode(text) {
  const node = el("pre", { class: "plain-text" });
  node.append(document.createTextNode(signed(text)));
  return node;
}
