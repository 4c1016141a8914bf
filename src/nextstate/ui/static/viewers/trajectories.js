// Trajectories: a list that is searched and filtered, and one of them, turn by turn.
import { clear, el, whole } from "../lib/dom.js";
import { announce, errorPanel, failed } from "../lib/notices.js";
import { badge, button, field, select } from "../lib/parts.js";
import { key } from "../lib/keys.js";
import { go, href } from "../lib/route.js";
import { pressed, rows } from "./rows.js";
import { about, files, openFile, server } from "./sources.js";
import { trajectory } from "./trajectory.js";

const HEIGHT = 60;

export async function show(place, route) {
  const [kind, first, second] = route.path;
  if (kind === "at") return trajectory(place, server, first, route);
  if (kind === "file" && !files[first]) return place.append(...gone());
  if (kind === "file" && second !== undefined) return trajectory(place, files[first], second, route, ["file", first]);
  return list(place, kind === "file" ? files[first] : server, await about());
}

const gone = () => [el("h1", {}, "This file is no longer open"), el("p", {}, "A page cannot open a file of yours by itself. ", el("a", { href: href("trajectories") }, "Open it again"), ".")];

// What was looked for, by source, so that coming back finds the same list.
const asked = new WeakMap();

function list(place, source, { domains, origins }) {
  const filter = asked.get(source) ?? { text: "", domain: "", origin: "", failed: "" };
  asked.set(source, filter);
  let found = [], running = null;
  const counted = el("p", { class: "soft small", id: "traj-counted" }), wrong = el("div");
  const box = rows("Trajectories", { count: () => found.length, height: HEIGHT, draw: (i) => entry(found[i]), open });

  function open(i) {
    if (!found[i]) return;
    filter.last = found[i].key;
    go(address(source, found[i].key));
  }

  async function look() {
    running?.abort();
    const mine = (running = new AbortController());
    found = [];
    box.start();
    clear(wrong);
    counted.textContent = "Looking…";
    try {
      await source.list(wanted(filter), (more, done, share) => {
        if (mine.signal.aborted) return;
        found = found.concat(more);
        counted.textContent = told(found.length, done, share) + (done ? remarks(source) : "");
        box.refresh();
        if (!done) return;
        announce(counted.textContent);
        const last = found.findIndex((one) => one.key === filter.last);
        if (last > 0) box.go(last);
      }, mine.signal);
    } catch (error) {
      if (error.name !== "AbortError" && !mine.signal.aborted) { counted.textContent = ""; clear(wrong, errorPanel(error, look)); }
    }
  }

  const search = el("input", { class: "input", type: "search", id: "traj-search", value: filter.text, placeholder: "in names, set-ups, actions, observations", autocomplete: "off", spellcheck: "false", maxlength: "200", input: later(() => { filter.text = search.value; look(); }), keydown: (event) => { if (event.key === "Escape" || event.key === "Enter") { event.preventDefault(); box.focus(); } } });
  const choose = (name) => (value) => { filter[name] = value; look(); };
  const named = (names, any) => [["", any], ...names.map((one) => [one, one])];
  place.append(el("div", { class: "stack" },
    el("div", { class: "cluster" }, el("h1", { class: "grow" }, "Trajectories"), opener()),
    sourcesBar(source),
    el("div", { class: "traj-filters", role: "search", "aria-label": "Filter trajectories" }, field("Search (/)", search), field("Domain", select(named(Object.keys(domains), "any"), filter.domain, choose("domain"))),
      field("Answered by", select(named(origins, "anybody"), filter.origin, choose("origin"))), field("Failed turns", select([["", "either"], ["yes", "some"], ["no", "none"]], filter.failed, choose("failed")))),
    counted, wrong, box));
  drops(place);
  key("/", "Search", () => search.select() ?? search.focus());
  key("j", "Next trajectory", () => { box.focus(); box.go(box.at() + 1); });
  key("k", "Trajectory before", () => { box.focus(); box.go(box.at() - 1); });
  key("Enter", "Open the trajectory", (event) => pressed(event) || open(box.at()));
  key("o", "Open a file", () => place.querySelector("#traj-file").click());
  look();
  return () => running?.abort();
}

const wanted = ({ text, domain, origin, failed }) => ({ text, domain, origin, failed });

function later(action) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(action, 200); };
}

const address = (source, name) => (source === server ? href("trajectories", "at", name) : href("trajectories", "file", String(files.indexOf(source)), name));
const told = (n, done, share) => whole.format(n) + (n === 1 ? " trajectory" : " trajectories") + (done ? "" : ", looking on… " + Math.floor(100 * (share ?? 0)) + "%");

function remarks({ file }) {
  if (!file) return "";
  const broken = file.broken.length ? "; " + whole.format(file.broken.length) + (file.broken.length === 1 ? " line is" : " lines are") + " no trajectory (line " + (file.broken[0].line + 1) + ": " + file.broken[0].why + ")" : "";
  return broken + (file.unread ? "; " + whole.format(file.unread) + " lines beyond are not listed" : "");
}

function entry(one) {
  if (!one) return null;
  const marks = Object.entries(one.origins).slice(0, 4).map(([name, n]) => badge(name, Object.keys(one.origins).length > 1 ? name + " " + whole.format(n) : name));
  return [el("span", { class: "rows-title" }, el("b", {}, one.name), el("span", { class: "rows-detail" }, one.domain + " · " + whole.format(one.turns) + (one.turns === 1 ? " turn" : " turns") + (one.title ? " · " + one.title : ""))),
    el("span", { class: "rows-marks" }, one.failed ? el("span", { class: "badge traj-failed" }, whole.format(one.failed) + " failed") : null, marks)];
}

// The sources to choose from, where there are several.
function sourcesBar(source) {
  if (!files.length) return null;
  const link = (one, to) => el("a", { class: "btn quiet", href: to, "aria-current": one === source ? "page" : null }, one.title);
  return el("nav", { class: "cluster traj-sources", "aria-label": "Sources" }, link(server, href("trajectories")), files.map((one, n) => link(one, href("trajectories", "file", String(n)))));
}

function opener() {
  const input = el("input", { type: "file", id: "traj-file", class: "visually-hidden", tabindex: "-1", "aria-label": "File of trajectories", accept: ".jsonl,.ndjson,.json,.gz,.zst", change: () => input.files[0] && take(input.files[0]) });
  return el("div", {}, input, button("Open a file", () => input.click(), { icon: "file", key: "o" }));
}

async function take(file) {
  const bar = el("progress", { max: "1", "aria-label": "Reading the file" }), note = el("p", { class: "soft small", role: "status" }, "Reading " + file.name + "… it stays on this machine. ", bar);
  document.getElementById("traj-counted")?.before(note);
  try {
    const number = await openFile(file, (share) => { bar.value = share; });
    go(href("trajectories", "file", String(number)));
  } catch (error) {
    failed(error);
  } finally {
    note.remove();
  }
}

function drops(place) {
  place.addEventListener("dragover", (event) => event.preventDefault());
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
}

