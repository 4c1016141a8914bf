// A screen as its domain draws it, in a frame that runs no script and loads nothing. Whoever may act gets told what was
// clicked or typed: the domain worded the action and left it in the drawing (data-click, data-fill).
import { el } from "./dom.js";
import { scheme } from "./theme.js";

const REFUSED = "script, meta, link, base, iframe, frame, object, embed, form, portal, template, noscript";
const ACTS = "[data-click], [data-fill]";
const LONGEST = 20_000;

// `act(action)` is called with an action; without it the drawing is only looked at.
export function picture(html, act, label = "Drawing of the screen") {
  const status = el("p", { class: "screen-status", "aria-live": "off" }, act ? "Click an element to act on it; type into a field and press Enter." : "");
  const frame = el("iframe", { class: "screen-frame", sandbox: "allow-same-origin", src: "/ui/frame.html", title: label });
  frame.addEventListener("load", () => drawn(frame, html, act, status), { once: true });
  return el("div", { class: "screen" }, frame, act ? status : null);
}

function drawn(frame, html, act, status) {
  const inner = frame.contentDocument;
  if (!inner) return;
  const parsed = new frame.contentWindow.DOMParser().parseFromString(html, "text/html");
  parsed.querySelectorAll(REFUSED).forEach((node) => node.remove());
  for (const node of parsed.querySelectorAll("*")) {
    for (const { name } of [...node.attributes]) if (/^(on|href|xlink:href|src$|srcset|action|formaction)/i.test(name)) node.removeAttribute(name);
  }
  inner.replaceChild(inner.adoptNode(parsed.documentElement), inner.documentElement);
  const themed = () => { inner.documentElement.style.colorScheme = scheme(); };
  themed();
  const changed = () => (frame.isConnected ? themed() : document.removeEventListener("themechange", changed));
  document.addEventListener("themechange", changed);
  if (act) arm(inner, act, status);
  const observer = new ResizeObserver(() => (frame.contentWindow ? fit(frame, inner) : observer.disconnect()));
  observer.observe(frame);
  fit(frame, inner);
  frame.dataset.drawn = "yes";
}

// As high as what is drawn, up to two thirds of the window; a drawing to scale is made smaller instead.
function fit(frame, inner) {
  const tallest = Math.max(340, Math.round(innerHeight * 0.66));
  for (const screen of inner.querySelectorAll(".screen")) {
    const [wide, tall] = screen.style.aspectRatio.split("/").map(Number), most = Math.round((tallest - 130) * (wide / tall));
    screen.style.maxWidth = Number.isFinite(most) ? "min(100%, " + Math.max(most, 220) + "px)" : "";
  }
  const wanted = inner.body.scrollHeight + parseFloat(frame.contentWindow.getComputedStyle(inner.body).marginTop) * 2 + 4;
  const height = Math.min(tallest, Math.max(60, Math.ceil(wanted))) + "px";
  if (frame.style.height !== height) frame.style.height = height;
}

function arm(inner, act, status) {
  const say = (text) => { status.replaceChildren(text); };
  inner.documentElement.classList.add("live");
  for (const node of inner.querySelectorAll(ACTS)) {
    node.tabIndex = 0;
    node.setAttribute("role", node.dataset.fill && !node.dataset.click ? "textbox" : "button");
    if (node.title) node.setAttribute("aria-label", (node.textContent.trim() + " — " + node.title).slice(0, 300));
  }
  const at = (event) => event.target.closest?.(ACTS);
  const told = (event) => { const node = at(event); if (node) say(el("span", {}, (node.dataset.click ?? node.dataset.fill).slice(0, LONGEST))); };
  inner.addEventListener("pointerover", told);
  inner.addEventListener("focusin", told);
  inner.addEventListener("click", (event) => { const node = at(event); if (node && !event.target.closest("input")) used(node, act, inner); });
  inner.addEventListener("keydown", (event) => {
    const node = at(event);
    if (!node || event.target.closest("input") || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    used(node, act, inner);
  });
}

function used(node, act, inner) {
  if (node.dataset.fill) return typeInto(node, act, inner);
  act(node.dataset.click);
}

// A field opens where it is drawn. An empty text clicks it, where that is an action.
function typeInto(node, act, inner) {
  node.querySelector("input")?.remove();
  const input = inner.createElement("input");
  input.type = "text";
  input.className = "typed";
  input.setAttribute("aria-label", "Text for " + node.textContent.trim().slice(0, 100));
  input.placeholder = node.dataset.click ? "type, or Enter to click" : "type, then Enter";
  const close = () => { input.remove(); node.focus(); };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    if (event.key !== "Enter") return;
    event.preventDefault();
    const text = input.value;
    if (text) act(worded(node.dataset.fill, text));
    else if (node.dataset.click) act(node.dataset.click);
    close();
  });
  input.addEventListener("blur", () => setTimeout(() => input.remove(), 0));
  node.append(input);
  input.focus();
}

// The template with the text in it, as a string that JSON and Python read alike.
export const worded = (template, text) => template.split("{text}").join(JSON.stringify(text));
