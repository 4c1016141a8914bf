// Elements and texts. Texts of worlds only ever become text nodes, and what cannot be seen in them gets a sign.
import { byId, plain, time, visible, whole } from "./shared.js";

export { byId, plain, time, visible, whole };

// A text of our own, as it is.
export const raw = (text) => document.createTextNode(text);

// An element with attributes (functions become listeners, `true` an empty value; false and null are left out) and children.
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  return fill(node, children);
}

function fill(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null && child !== false) node.append(child instanceof Node ? child : visible(child));
  }
  return node;
}

// Put `children` in the place of what `node` holds.
export function clear(node, ...children) {
  node.replaceChildren();
  return fill(node, children);
}

const PATHS = {
  play: "M7 5l11 7-11 7z", fork: "M6 4v16M6 12c6 0 10-1 10-6M13 8l3-3 3 3", back: "M9 7l-5 5 5 5M4 12h10a6 6 0 0 1 6 6", copy: "M9 9h10v11H9zM5 15V4h10",
  close: "M6 6l12 12M18 6L6 18", down: "M12 4v11M7 11l5 5 5-5M5 20h14", key: "M7 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M11 12h10v4M17 12v3", tree: "M6 5v14M6 9h8M6 16h8M17 9h1M17 16h1",
  compare: "M9 4v16M15 4v16M4 8h5M15 8h5M4 16h5M15 16h5", list: "M5 6h14M5 12h14M5 18h14", sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  moon: "M20 14A8 8 0 1 1 10 4a6.5 6.5 0 0 0 10 10z", auto: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18", help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9.6 9.6a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1 .9-1 1.7M12 16.8v.1", file: "M7 3h7l4 4v14H7zM14 3v4h4", chart: "M5 20V10M12 20V4M19 20v-7",
  dice: "M4 4h16v16H4zM8.5 8.5v.01M15.5 15.5v.01M12 12v.01", pen: "M4 20l1-5L16 4l4 4L9 19z", camera: "M4 8h4l2-3h4l2 3h4v11H4zM12 10.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6", send: "M5 12h13M12 6l6 6-6 6", plus: "M12 5v14M5 12h14",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg", svg = document.createElementNS(space, "svg"), path = document.createElementNS(space, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", fill: "none", stroke: "currentColor", "stroke-width": "1.8", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name] ?? PATHS.help);
  svg.append(path);
  return svg;
}
