// The tables of each group of like runs.
const UNCALIBRATED = "⚠ uncalibrated judge";

function estimate(score, low = 0, high = 1) {
  if (!score || (score.mean ?? score.difference ?? null) === null) return make("td", {}, "–");
  const centre = score.mean ?? score.difference, show = "mean" in score ? plain : signed;
  const [from, to] = score.ci95, at = (value) => 100 * (value - low) / (high - low) + "%";
  const range = make("i"), point = make("b");
  range.style.left = at(from);
  range.style.width = 100 * (to - from) / (high - low) + "%";
  point.style.left = at(centre);
  return make("td", { title: "95% interval, " + whole.format(score.n) + " rows" }, show(centre), " ",
    make("span", { class: "ci" }, "[" + show(from) + ", " + show(to) + "]"), make("span", { class: "bar", "aria-hidden": "true" }, range, point));
}

function table(caption, heads, rows, label = caption) {
  const head = make("tr", {}, ...heads.map(([name, left]) => make("th", { scope: "col", class: left ? "l" : "" }, name)));
  return make("div", {}, make("p", { class: "soft" }, caption),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows))));
}

const cell = (text, left) => make("td", { class: left ? "l" : "" }, text);
const share = (part, all) => !all ? "–" : part === all ? whole.format(part) + " (all)" : whole.format(part) + " (" + (100 * part / all).toFixed(1) + "%)";

// Tokens of a row on average.
function tokens(usage, rows) {
  if (!rows || !(usage.prompt_tokens + usage.completion_tokens)) return "–";
  const [read, cached, written] = ["prompt_tokens", "cached_tokens", "completion_tokens"].map((name) => whole.format(Math.round(usage[name] / rows)));
  return read + " in" + (usage.cached_tokens ? " (" + cached + " cached)" : "") + ", " + written + " out";
}

function runName(run, extra) {
  const name = make("th", { scope: "row", class: "l name" }, run.model, extra ? " " + extra : null);
  if (run.uncalibrated) name.append(" ", make("span", { class: "tag", title: "No calibration report says how far this judge can be trusted" }, UNCALIBRATED));
  if (run.folder) name.append(make("div", { class: "ci" }, run.folder));
  return name;
}

function leaderboard(group, runs) {
  const lead = group.leading === null ? [] : [group.leading], rest = group.scores.filter((name) => name !== group.leading);
  const priced = group.runs.some((entry) => entry.cost);
  const ends = ["median", "95th percentile", "tokens of a row", "judge's tokens of a row", ...(priced ? ["cost in all", "judge's cost in all"] : [])];
  const heads = [["run", true], ["rows"], ["scored"], ...lead.map((name) => [name]), ["difference to the first"], ...rest.map((name) => [name]), ...ends.map((name) => [name])];
  const rows = [];
  const sub = (title, n, scores) => rows.push(make("tr", { class: "sub" }, make("th", { scope: "row", class: "l" }, title), cell(n), cell(""),
    ...lead.map((name) => estimate(scores[name])), cell(""), ...rest.map((name) => estimate(scores[name])), make("td", { colspan: ends.length })));
  for (const entry of group.runs) {
    const costs = priced ? [cell(money(entry.cost?.model)), cell(money(entry.cost?.judge))] : [];
    rows.push(make("tr", {}, runName(runs[entry.run]), cell(whole.format(entry.n)), cell(share(entry.scored, entry.n)), ...lead.map((name) => estimate(entry.scores[name])),
      estimate(entry.behind, -1, 1), ...rest.map((name) => estimate(entry.scores[name])), cell(time(entry.latency_ms.p50)), cell(time(entry.latency_ms.p95)),
      cell(tokens(entry.usage, entry.n)), cell(tokens(entry.judge_usage, entry.n)), ...costs));
    if (group.domains.length > 1) sub("each domain counts once", "", entry.macro);
  }
  if (group.baseline) sub("baseline: " + group.baseline.name, whole.format(group.n), group.baseline.scores);
  const best = group.leading ? "The best " + group.leading + " first. " : "";
  return table(best + "Means of scores in [0, 1] with 95% intervals, clustered by trajectory; the bar runs from 0 to 1.", heads, rows, "Leaderboard");
}

const money = (value) => value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumSignificantDigits: 4 });

function parted(group, runs, key, caption) {
  const parts = [...new Set(group.runs.flatMap((entry) => Object.keys(entry[key])))].sort(), rows = [];
  const heads = [["run", true], ["rows"], ...group.scores.map((name) => [name]), ["median"], ["95th percentile"]];
  for (const name of parts) {
    rows.push(make("tr", { class: "part" }, make("th", { scope: "colgroup", class: "l" }, name), make("td", { colspan: heads.length - 1 })));
    for (const entry of group.runs) {
      const found = entry[key][name];
      if (!found) continue;
      rows.push(make("tr", {}, runName(runs[entry.run]), cell(share(found.n, entry.n)), ...group.scores.map((score) => estimate(found.scores[score])),
        cell(time(found.latency_ms.p50)), cell(time(found.latency_ms.p95))));
    }
    const base = key === "domains" && group.baseline?.domains[name];
    if (base) {
      rows.push(make("tr", { class: "sub" }, make("th", { scope: "row", class: "l" }, "baseline: " + group.baseline.name), cell(whole.format(base.n)),
        ...group.scores.map((score) => estimate(base.scores[score])), cell(""), cell("")));
    }
  }
  return table(caption, heads, rows);
}

function endings(group, runs) {
  const kinds = [...new Set(group.runs.flatMap((entry) => Object.keys(entry.outcomes)))].sort();
  const reasons = [...new Set(group.runs.flatMap((entry) => Object.keys(entry.unscored)))].sort();
  const rows = group.runs.map((entry) => make("tr", {}, runName(runs[entry.run]),
    ...kinds.map((kind) => cell(share(entry.outcomes[kind] ?? 0, entry.n))), ...reasons.map((reason) => cell(share(entry.unscored[reason] ?? 0, entry.n)))));
  return table("How rows ended, and why rows have no score. A model that failed scores zero; where the grader failed, a row is unscored.",
    [["run", true], ...kinds.map((kind) => [kind]), ...reasons.map((reason) => ["unscored: " + reason])], rows);
}

function groupSection(group, runs, number) {
  const section = make("section", { class: "tables", "aria-labelledby": "group-" + number },
    make("h2", { id: "group-" + number }, KINDS[group.kind] ?? group.kind, ", " + whole.format(group.n) + " rows"));
  if (group.reasons.length) section.append(make("p", { class: "note" }, "Not in one table with the first group, for the runs differ in " + group.reasons.join("; ")));
  if (group.judge) section.append(make("p", { class: group.uncalibrated ? "note" : "soft" }, "Judge: " + group.judge + (group.uncalibrated ? ". It has no calibration report: nobody has measured how far its marks can be trusted." : ", calibrated.")));
  section.append(leaderboard(group, runs));
  const more = (title, content, open) => section.append(make("details", { open }, make("summary", {}, title), content));
  more("By domain", parted(group, runs, "domains", "Scores by domain, with the share of the rows"), group.domains.length > 1);
  if (group.runs.some((entry) => Object.keys(entry.origins).length)) more("By who answered", parted(group, runs, "origins", "Computed by a kernel, recorded, retrieved, or predicted by a model"), true);
  more("Outcomes", endings(group, runs), true);
  more("What was measured", manifests(group, runs), false);
  return section;
}

const KINDS = { evaluation: "Evaluation", agentworldbench: "AgentWorldBench, strict scoring", cases: "Rule-verified cases" };

function manifests(group, runs) {
  return make("div", {}, ...group.runs.map((entry) => titled(runs[entry.run].model || "run", JSON.stringify(runs[entry.run].manifest, null, 1))));
}
