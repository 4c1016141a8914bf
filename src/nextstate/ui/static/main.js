// The shell: navigation, theme, keys, and the view that the address names.
import { ApiError, onRefused } from "./lib/api.js";
import { byId, clear, el } from "./lib/dom.js";
import { askForKey } from "./lib/access.js";
import { forget, help, listen, shellKey } from "./lib/keys.js";
import { announce, errorPanel, failed } from "./lib/notices.js";
import { button } from "./lib/parts.js";
import { current, go } from "./lib/route.js";
import { secret } from "./lib/store.js";
import { nextTheme, themeIcon, themeTitle, useTheme } from "./lib/theme.js";
import { VIEWS } from "./views.js";

let leave = null, asked = 0, shown = "";

async function follow() {
  const route = current();
  const view = VIEWS.find((one) => one.name === route.view);
  if (!view) return go("#/" + VIEWS[0].name, { replace: true });
  const turn = ++asked;
  leave?.();
  leave = null;
  forget();
  mark(view);
  const place = el("section", { class: "view", tabindex: "-1" });
  const first = shown !== view.name;
  shown = view.name;
  place.append(el("p", { class: "loading" }, "Loading…"));
  if (first) clear(byId("main"), place);
  try {
    const module = await view.load();
    const inside = el("section", { class: "view", tabindex: "-1", "data-view": view.name });
    const left = await module.show(inside, route);
    if (turn !== asked) return void left?.();
    leave = left ?? null;
    clear(byId("main"), inside);
    settle(inside, view, first);
  } catch (error) {
    if (turn !== asked) return;
    clear(byId("main"), errorPanel(error, follow));
    if (!(error instanceof ApiError)) throw error;
  } finally {
    if (turn === asked) document.documentElement.dataset.ready = location.hash || "#/";
  }
}

// The title of the page, and the focus on its heading after a change of view.
function settle(place, view, first) {
  const heading = place.querySelector("h1");
  document.title = (heading?.textContent ?? view.title).slice(0, 100) + " · nextstate";
  if (!first || !heading || place.contains(document.activeElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  announce(view.title);
}

function mark(view) {
  for (const link of byId("views").children) {
    if (link.dataset.view === view.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function tools() {
  const theme = button("", () => { nextTheme(); drawTheme(); }, { icon: "auto", title: "Theme", kind: "quiet" });
  const drawTheme = () => {
    clear(theme, themeIcon());
    theme.setAttribute("aria-label", themeTitle());
    theme.title = themeTitle();
  };
  drawTheme();
  const keyButton = button("", () => askForKey(), { icon: "key", title: "Key of the server", kind: "quiet", id: "key-button" });
  byId("tools").append(keyButton, theme, button("", help, { icon: "help", title: "Keys", key: "?", kind: "quiet" }));
  shellKey("?", "This list of keys", help);
  VIEWS.forEach((view) => shellKey("g" + view.key, view.title, () => go("#/" + view.name)));
}

useTheme();
byId("views").append(...VIEWS.map((view) => el("a", { href: "#/" + view.name, "data-view": view.name, title: view.title + " (g " + view.key + ")" }, view.title)));
tools();
listen();
onRefused(() => askForKey({ again: Boolean(secret()), then: follow }));
addEventListener("hashchange", follow);
addEventListener("unhandledrejection", (event) => { if (event.reason instanceof ApiError) { event.preventDefault(); failed(event.reason); } });
follow();
