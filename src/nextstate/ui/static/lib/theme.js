// Light, dark, or as the system has it.
import { icon } from "./dom.js";
import { recall, remember } from "./store.js";

const THEMES = ["auto", "light", "dark"];
const ICONS = { auto: "auto", light: "sun", dark: "moon" };
let now = "auto";

export function useTheme(theme = recall("theme", "auto")) {
  now = THEMES.includes(theme) ? theme : "auto";
  if (now === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = now;
  document.dispatchEvent(new Event("themechange"));
}

export function nextTheme() {
  useTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
  remember("theme", now);
}

// What `color-scheme` a document inside the page should have.
export const scheme = () => (now === "auto" ? "light dark" : now);
export const themeIcon = () => icon(ICONS[now]);
export const themeTitle = () => (now === "auto" ? "Theme: as the system" : "Theme: " + now);
