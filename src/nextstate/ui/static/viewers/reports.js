// Reports: the runs that the server was told of, their figures, and the page of every row, in a frame of its own.
import { api } from "../lib/api.js";
import { clear, el } from "../lib/dom.js";
import { key } from "../lib/keys.js";
import { errorPanel } from "../lib/notices.js";
import { button, empty, list } from "../lib/parts.js";
import { go, href } from "../lib/route.js";
import { groups, report } from "./figures.js";

const LARGEST = 64 * 2 ** 20;

export async function show(place, route) {
  const [kind, ids] = route.path;
  if (kind === "open" && ids) return opened(place, ids.split(","));
  return overview(place);
}

async function overview(place) {
  const { items, summary } = await api.get("/viewers/reports"), own = el("div", { class: "stack" });
  const chosen = new Set(), runs = items.filter((one) => one.kind === "run"), byRun = new Map(runs.map((one) => [one.run, one]));
  const together = button("Open the chosen runs", () => go(href("reports", "open", [...chosen].join(","))), { kind: "primary", icon: "chart", disabled: true, id: "report-open" });
  const mark = (run) => {
    const item = byRun.get(run);
    if (!item) return null;
    const box = el("input", { type: "checkbox", "aria-label": "Choose " + item.name, change: () => { if (box.checked) chosen.add(item.id); else chosen.delete(item.id); together.disabled = !chosen.size; } });
    return [el("label", { class: "report-pick" }, box), el("a", { href: href("reports", "open", item.id) }, item.name)];
  };
  place.append(el("div", { class: "stack" },
    el("div", { class: "cluster" }, el("h1", { class: "grow" }, "Reports"), opener(own)),
    own,
    runs.length ? [groups(summary, mark), el("div", { class: "cluster" }, together, el("span", { class: "soft small" }, "95% intervals, clustered by trajectory."))] : nothing(items),
    others("Reports that were written", items.filter((one) => one.kind === "page").map((one) => ({ title: one.name, detail: "a page of every row", href: href("reports", "open", one.id) }))),
    others("Cannot be read", items.filter((one) => one.kind === "broken").map((one) => el("div", { class: "entry" }, el("span", { class: "text-part" }, el("span", { class: "title" }, one.name), el("span", { class: "detail" }, one.reason)))))));
  key("o", "Open a report file", () => place.querySelector("#report-file").click());
}

const others = (title, rows) => (rows.length ? el("section", { class: "stack tight" }, el("h2", {}, title), list(title, rows)) : null);

const nothing = (items) => (items.length ? null : el("div", { class: "card stack tight" }, empty("This server was told of no runs."), el("p", { class: "soft" }, "Start it with ", el("code", {}, "nextstate serve --reports FOLDER"), ", where FOLDER holds what ", el("code", {}, "nextstate eval --out"), " or ", el("code", {}, "nextstate bench report"), " wrote; or open a report file of your own.")));

function opener(place) {
  const input = el("input", { type: "file", id: "report-file", class: "visually-hidden", tabindex: "-1", "aria-label": "Report file", accept: ".json", change: () => input.files[0] && take(input.files[0], place) });
  return el("div", {}, input, button("Open a report file", () => input.click(), { icon: "file", key: "o" }));
}

async function take(file, place) {
  try {
    if (file.size > LARGEST) throw new Error("The file is larger than 64 MB; a report's figures are smaller.");
    let value;
    try {
      value = JSON.parse(await file.text());
    } catch {
      throw new Error("This is no report: the file is not JSON. A report page (HTML) is opened by the browser itself.");
    }
    clear(place, el("section", { class: "card stack", "aria-label": "Your report" }, el("div", { class: "cluster" }, el("b", { class: "grow" }, file.name), button("Close", () => clear(place), { kind: "quiet" })), report(value)));
  } catch (error) {
    clear(place, errorPanel(error));
  }
}

// A page with scripts of its own: another origin for it, no requests, and nothing of this page within its reach.
async function opened(place, ids) {
  const back = el("a", { class: "btn quiet", href: href("reports") }, "← All reports");
  place.append(el("div", { class: "cluster" }, back, el("h1", { class: "grow" }, "Report")));
  const { url } = await api.post("/viewers/reports/open", { ids });
  const own = new URL(url, location.href);
  if (own.origin !== location.origin) throw new Error("the report lies elsewhere");
  const frame = el("iframe", { class: "report-frame", sandbox: "allow-scripts", src: own.pathname, title: "Report" });
  place.firstElementChild.append(el("a", { class: "btn", href: own.pathname, target: "_blank", rel: "noopener noreferrer" }, "In a tab of its own"));
  place.append(frame);
  key("Escape", "All reports", () => go(href("reports")));
}
