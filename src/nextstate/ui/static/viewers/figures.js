// Figures of runs as tables: each mean with its interval, runs that are unlike in tables of their own, with the reason.
import { el, plain, time, visible, whole } from "../lib/dom.js";

export const mean = (score, digits = 3) => (score?.mean === null || score?.mean === undefined ? "–" : plain(score.mean, digits) + " [" + plain(score.ci95?.[0], digits) + ", " + plain(score.ci95?.[1], digits) + "]");
export const percent = (score) => (score?.mean === null || score?.mean === undefined ? "–" : share(score.mean) + " [" + share(score.ci95?.[0]) + ", " + share(score.ci95?.[1]) + "]");
export const share = (value) => (typeof value === "number" ? (100 * value).toFixed(0) + "%" : "–");

export function table(label, columns, lines) {
  const cell = (tag) => (value, n) => el(tag, { class: columns[n]?.text ? "" : "figure", scope: tag === "th" ? "col" : null }, value);
  return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": label }, el("table", { class: "plain" }, el("caption", { class: "visually-hidden" }, label),
    el("thead", {}, el("tr", {}, columns.map((one) => one.title).map(cell("th")))), el("tbody", {}, lines.map((line) => el("tr", {}, line.map(cell("td")))))));
}

const MOST = 8;
const text = (value, most = 300) => visible(String(value ?? "")).slice(0, most);

// The groups of a summary (nextstate.eval.reports.summary). `link(run)` gives what stands before the name of a run.
export function groups(summary, link = () => null) {
  const found = Array.isArray(summary?.groups) ? summary.groups : [];
  return found.map((group, n) => el("section", { class: "stack tight report-group" }, el("h2", {}, heading(group, n)),
    group.reasons?.length ? el("p", { class: "note" }, "Not to be compared with the first table: " + group.reasons.join("; ")) : null,
    group.uncalibrated ? el("p", { class: "note" }, "The judge was not calibrated: nobody has measured how far its marks can be trusted.") : null,
    runsOf(group, summary, link)));
}

const heading = (group, n) => (n ? "Group " + (n + 1) + ": " : "") + text(group.kind) + ", " + whole.format(group.n ?? 0) + " rows";

function runsOf(group, summary, link) {
  const names = (group.scores ?? []).filter((name) => !String(name).includes(".")).slice(0, MOST), domains = group.domains?.length > 1 && group.leading ? group.domains.slice(0, MOST) : [];
  const columns = [{ title: "Run", text: true }, { title: "Rows" }, { title: "Scored" }, ...names.map((title) => ({ title })), ...domains.map((title) => ({ title: title + " (" + group.leading + ")" })), { title: "Median" }];
  const lines = group.runs.map((run) => [el("span", { class: "cluster report-run" }, link(run.run) ?? text(summary.runs?.[run.run]?.folder), el("span", { class: "soft small" }, text(summary.runs?.[run.run]?.model))),
    whole.format(run.n), whole.format(run.scored), ...names.map((name) => mean(run.scores?.[name])), ...domains.map((domain) => mean(run.domains?.[domain]?.scores?.[group.leading])), time(run.latency_ms?.p50)]);
  if (group.baseline) lines.push([el("span", { class: "soft" }, "baseline: " + text(group.baseline.name)), "", "", ...names.map((name) => mean(group.baseline.scores?.[name])), ...domains.map((domain) => mean(group.baseline.domains?.[domain]?.scores?.[group.leading])), ""]);
  return table("Runs of " + heading(group, 0), columns, lines);
}

// A report that the person opened: report.json of a report, or what `nextstate eval --json` and `cases run --json` print.
export function report(value) {
  const wrong = "This is no report of this program: open report.json of a report, or what `nextstate eval --json` printed.";
  if (!value || typeof value !== "object") throw new Error("This is no report: it holds no JSON object.");
  try {
    if (Array.isArray(value.groups) && Array.isArray(value.runs)) return groups(value);
    if (value.scores && value.by) return [evaluation(value)];
    if (value.axes && value.accuracy) return [cases(value)];
  } catch (error) {
    throw new Error(wrong + " It has the keys of one, but not its values (" + error.message + ").");
  }
  throw new Error(wrong);
}

function evaluation(value) {
  const names = Object.keys(value.scores).slice(0, MOST), line = (title, part) => [title, whole.format(part.n ?? 0), ...names.map((name) => mean(part.scores?.[name]))];
  const lines = [line("all", value)];
  for (const kind of ["domain", "origin"]) for (const [name, part] of Object.entries(value.by[kind] ?? {})) lines.push(line(kind + ": " + text(name), part));
  for (const [name, scores] of Object.entries(value.baseline ?? {})) lines.push(line("baseline: " + text(name), { n: value.n, scores }));
  return el("section", { class: "stack tight" }, el("h2", {}, text(value.run?.model || "Evaluation") + ", " + whole.format(value.n ?? 0) + " rows"), table("Scores", [{ title: "Rows of", text: true }, { title: "n" }, ...names.map((title) => ({ title }))], lines), endings(value));
}

function cases(value) {
  const line = (title, part) => [title, whole.format(part.n ?? 0), mean(part.accuracy), mean(part.copy_last), share(part.computed)];
  const lines = [line("all", value)];
  for (const [axis, part] of Object.entries(value.axes)) {
    lines.push(line(text(axis), part));
    for (const [name, inner] of Object.entries(part.domain ?? {})) lines.push(line("· " + text(name), inner));
  }
  return el("section", { class: "stack tight" }, el("h2", {}, text(value.run?.model || "Cases") + ", " + whole.format(value.n ?? 0) + " cases"), table("Accuracy", [{ title: "Cases of", text: true }, { title: "n" }, { title: "right" }, { title: "copy-last" }, { title: "computed" }], lines), endings(value));
}

function endings(value) {
  const told = [...Object.entries(value.by?.outcome ?? {}).map(([name, n]) => n + " " + name), ...Object.entries(value.unscored ?? {}).map(([name, n]) => n + " unscored: " + name)];
  return el("p", { class: "soft small" }, text(told.join(", "), 1000) + (told.length ? "; " : "") + "95% intervals, clustered by trajectory.");
}
