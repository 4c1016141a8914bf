// Real or simulated: two observations of one recorded turn, one of them said by a model. Which was recorded?
import { api, save } from "../lib/api.js";
import { clear, el, plain, whole } from "../lib/dom.js";
import { difference } from "../lib/difference.js";
import { key } from "../lib/keys.js";
import { announce, errorPanel, failed, toast } from "../lib/notices.js";
import { badge, button, dialog, field, fold, select, tabs } from "../lib/parts.js";
import { href } from "../lib/route.js";
import { observation } from "../lib/text.js";
import { percent, share, table } from "./figures.js";
import { about } from "./sources.js";
import { drawn, words } from "./trajectory.js";

export async function show(place) {
  const [state, known] = await Promise.all([api.get("/viewers/game"), about()]);
  new Game(place, state, known).mount();
}

class Game {
  constructor(place, state, known) {
    Object.assign(this, { place, state, known, round: null, busy: false, kind: "text" });
  }

  mount() {
    const { models, domains, figures, open } = this.state;
    this.model = select(models.map((one) => [one, one]), models[0], null, { id: "game-model" });
    this.domain = select([["", "any"], ...Object.entries(domains).map(([name, n]) => [name, name + " (" + whole.format(n) + ")"])], "", null, { id: "game-domain" });
    this.table = el("section", { class: "stack tight", "aria-label": "Result so far", id: "game-result" });
    this.field = el("div", { class: "stack", id: "game-field" });
    this.start = button("Draw a turn", () => this.deal(), { kind: "primary", icon: "dice", key: "n", id: "game-start" });
    this.place.append(el("div", { class: "stack" },
      el("h1", {}, "Real or simulated?"),
      el("p", { class: "soft" }, "Two observations follow the same action. One was recorded in a real environment, the other was said by a model. Choose the recorded one. Whoever cannot tell them apart is right half of the time."),
      el("form", { class: "card cluster game-choice", submit: (event) => { event.preventDefault(); this.deal(); } }, field("Model", this.model), field("Domain", this.domain), this.start),
      this.field, this.table));
    this.keys();
    this.figures(figures);
    if (open) this.deal();
  }

  keys() {
    key("1", "The first one is real", () => this.guess("first"));
    key("2", "The second one is real", () => this.guess("second"));
    key("0", "Pass", () => this.guess("pass"));
    key("n", "Draw a turn", () => this.deal());
  }

  async deal() {
    if (this.busy || this.round) return;
    await this.waiting("The model is asked…", async () => {
      const round = await api.post("/viewers/game/deal", { model: this.model.value, domain: this.domain.value });
      if (!round.round) {
        clear(this.field, el("p", { class: "note", role: "status" }, round.why));
        return this.figures((await api.get("/viewers/game")).figures);
      }
      this.round = round;
      this.start.disabled = true;
      this.draw();
    });
  }

  async waiting(words, action) {
    this.busy = true;
    clear(this.field, el("p", { class: "soft", role: "status" }, words));
    try {
      await action();
    } catch (error) {
      this.round = null;
      this.start.disabled = false;
      clear(this.field, errorPanel(error, () => this.deal()));
    } finally {
      this.busy = false;
    }
  }

  draw() {
    const { round } = this, title = el("h2", { tabindex: "-1" }, "Which one was recorded?");
    clear(this.field, title,
      fold("What was known before (" + round.domain + ")", () => Object.entries(round.setup).map(([name, text]) => part(name, observation(name, text)))),
      this.history(round),
      el("section", { class: "card stack tight" }, el("h3", {}, "Action"), observation("Action", round.action)),
      round.cut ? el("p", { class: "note" }, "Of both observations the first " + whole.format(round.cut) + " characters are shown at most.") : null,
      el("div", { class: "cols-2" }, this.side("first", "First", "1"), this.side("second", "Second", "2")),
      el("div", { class: "cluster" }, button("Pass", () => this.guess("pass"), { key: "0", id: "game-pass" }), el("span", { class: "soft small" }, "answered by " + round.model + " · chance " + share(round.chance))));
    title.scrollIntoView({ block: "start" });
    title.focus({ preventScroll: true });
  }

  history(round) {
    const before = round.earlier ? el("p", { class: "soft small" }, whole.format(round.earlier) + (round.earlier === 1 ? " earlier turn is" : " earlier turns are") + " not shown.") : null;
    const turns = round.history.map((turn, n) => fold("Turn " + whole.format(round.earlier + n) + ": " + words(turn.action), () => el("div", { class: "game-turn" }, observation("Action", turn.action), this.shown("Observation", turn.observation)), { open: n === round.history.length - 1 }));
    return el("section", { class: "stack tight", "aria-label": "The last turns" }, el("h3", {}, "The last turns"), before, turns.length ? turns : el("p", { class: "soft" }, "This is the first turn."));
  }

  // Both sides are made by the same words in the same way.
  side(name, title, hotkey) {
    return el("section", { class: "card stack game-side", "aria-label": title }, el("div", { class: "cluster" }, el("h3", { class: "grow" }, title), button("This one is real", () => this.guess(name), { kind: "primary", key: hotkey, id: "game-" + name, "aria-label": title + " is real" })), this.shown(title, this.round[name]));
  }

  shown(label, text) {
    if (!this.known.domains[this.round.domain]?.picture) return observation(label, text);
    return tabs(label, [{ id: "picture", title: "Picture", content: () => drawn(this.round.domain, text) }, { id: "text", title: "Text", content: () => observation(label, text) }], "picture");
  }

  async guess(guess) {
    if (this.busy || !this.round) return;
    this.busy = true;
    try {
      const verdict = await api.post("/viewers/game/guess", { round: this.round.round, guess });
      this.verdict(verdict);
      this.figures(verdict.figures);
    } catch (error) {
      failed(error);
      if (error.status === 404) this.round = null;
      this.start.disabled = Boolean(this.round);
    } finally {
      this.busy = false;
    }
  }

  verdict(verdict) {
    const { round } = this, ending = verdict.guess === null ? "Passed" : verdict.right ? "Right" : "Wrong";
    const real = verdict.real === "first" ? "The first one" : "The second one", next = button("Next turn", () => this.deal(), { kind: "primary", icon: "dice", key: "n", id: "game-next" });
    const who = verdict.origin === "computed" ? "A kernel computed the other one, which is not what was recorded." : "The other one was " + (verdict.origin === "retrieved" ? "retrieved" : "predicted") + " by " + round.model + ".";
    const [first, second] = verdict.real === "first" ? [round.first, round.second] : [round.second, round.first];
    this.round = null;
    this.start.disabled = false;
    clear(this.field, el("section", { class: "card stack", id: "game-verdict" },
      el("h2", { tabindex: "-1", class: verdict.guess === null ? "" : verdict.right ? "game-right" : "game-wrong" }, ending),
      el("p", {}, real + " was recorded. " + who + " ", verdict.origin ? badge(verdict.origin) : null, " ", el("a", { href: href("trajectories", "at", verdict.name, { query: { turn: String(verdict.turn) } }) }, "See it where it was recorded")),
      difference("recorded", first, "simulated", second), el("div", {}, next)));
    announce(ending + ". " + real + " was recorded.");
    this.field.querySelector("h2").focus();
  }

  figures(figures) {
    const drawnSoFar = figures.n + figures.ties + figures.passed + figures.unanswered;
    clear(this.table, el("h2", {}, "Result so far"), headline(figures), scale(figures), drawnSoFar ? [byPart(figures), this.actions()] : null,
      el("p", { class: "soft small" }, "95% intervals (Wilson, clustered by trajectory), for a number of turns that was fixed before; one trajectory alone says nothing about the next. A tie is a turn of which the model said what was recorded: there was nothing to tell apart, and it was not shown. “With ties” counts one as half a right guess."));
  }

  actions() {
    const anew = () => dialog("Begin anew?", (close) => [el("p", {}, "All guesses of this key are forgotten. Export them first if they are to be kept."), el("div", { class: "cluster" }, button("Forget them", async () => {
      close();
      await api.delete("/viewers/game");
      this.round = null;
      this.start.disabled = false;
      clear(this.field);
      this.figures((await api.get("/viewers/game")).figures);
    }, { kind: "danger" }), button("Keep them", close))]);
    const out = async () => {
      try {
        save("real-or-simulated.jsonl", await api.blob("/viewers/game/export"));
        toast("Exported: one line for each turn that was drawn.", "good");
      } catch (error) {
        failed(error);
      }
    };
    return el("div", { class: "cluster" }, button("Export as JSON lines", out, { icon: "down", id: "game-export" }), button("Begin anew", anew, { kind: "quiet" }));
  }
}

const part = (title, ...content) => el("section", { class: "stack tight" }, el("h3", {}, title), content);

function headline({ n, right, chance, trajectories }) {
  if (!n) return el("p", {}, "No guesses yet. Chance is " + share(chance) + ".");
  const [low, high] = right.ci95, told = low > chance ? "above chance: the model can be told apart" : high < chance ? "below chance: the simulated ones are taken for the real ones" : "chance is within the interval: not told apart so far";
  return el("p", { "aria-live": "polite" }, el("b", {}, percent(right) + " right"), " of " + whole.format(n) + (n === 1 ? " guess" : " guesses") + " on " + whole.format(trajectories) + (trajectories === 1 ? " trajectory" : " trajectories") + "; chance " + share(chance) + " (" + told + ").");
}

// The interval on a line from 0 to 100%, with chance marked.
function scale({ n, right, chance }) {
  if (!n) return null;
  const [low, high] = right.ci95, node = el("div", { class: "game-scale", "aria-hidden": "true" }), put = (kind, from, to) => {
    const mark = el("span", { class: "game-" + kind });
    mark.style.left = 100 * from + "%";
    if (to !== undefined) mark.style.width = 100 * (to - from) + "%";
    node.append(mark);
  };
  put("range", low, high);
  put("chance", chance);
  put("mean", right.mean);
  return node;
}

const PARTS = { domain: "Domain", model: "Model", answer: "Answer" };
const ANSWERS = { determined: "determined (a kernel computed it)", predicted: "predicted", none: "no answer" };

function byPart(figures) {
  const columns = [{ title: "Turns of", text: true }, { title: "Guesses" }, { title: "Right" }, { title: "Ties" }, { title: "With ties" }, { title: "Passed" }, { title: "Unanswered" }, { title: "Median" }];
  const line = (title, one) => [title, whole.format(one.n), percent(one.right), whole.format(one.ties), percent(one.with_ties), whole.format(one.passed), whole.format(one.unanswered), one.seconds === null ? "–" : plain(one.seconds, 1) + " s"];
  const lines = [line("all (chance " + share(figures.chance) + ")", figures)];
  for (const [kind, title] of Object.entries(PARTS)) for (const [name, one] of Object.entries(figures.by[kind])) lines.push(line(title + ": " + (kind === "answer" ? ANSWERS[name] ?? name : name), one));
  return table("Result by domain, model and answer", columns, lines);
}
