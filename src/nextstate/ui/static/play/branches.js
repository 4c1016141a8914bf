// The family of a session as a tree: turns below one another, a step to the right where a branch begins.
import { el } from "../lib/dom.js";
import { button, empty } from "../lib/parts.js";
import { go, href } from "../lib/route.js";
import { worlds } from "../lib/worlds.js";
import { worded } from "./card.js";

const LONGEST = 60, MOST = 1_500;

export async function branchTree(game) {
  const found = await worlds.branches(game.session.id), tree = grown(found, game.session.id);
  const many = Object.keys(found.heads).length;
  if (!found.nodes.length && many < 2) return empty("No turns yet. Act, then fork at any turn: the branches appear here.");
  return el("div", { class: "stack tight" },
    el("p", { class: "soft small" }, many === 1 ? "One branch so far. Fork at a turn to try something else." : many + " sessions share this past. Choose a turn to go to its branch."),
    el("ol", { class: "branches", "aria-label": "Branches" }, rows(tree, game)));
}

// Parents, children, and for each turn the sessions that go through it.
function grown({ nodes, heads, root }, mine) {
  const byKey = new Map(nodes.map((node) => [node.key, { ...node, children: [], through: new Set(), ends: [] }]));
  const roots = [];
  for (const node of byKey.values()) (byKey.get(node.parent)?.children ?? roots).push(node);
  const begun = [];
  for (const [id, key] of Object.entries(heads)) {
    const head = byKey.get(key);
    if (head) head.ends.push(id);
    else begun.push(id);
    for (let node = head; node; node = byKey.get(node.parent)) node.through.add(id);
  }
  return { roots, begun, mine, root };
}

function rows(tree, game) {
  const shown = [];
  if (tree.begun.length) shown.push(row(game, { action: "the beginning", ends: tree.begun, through: new Set(tree.begun) }, 0, -1, tree.mine));
  const walk = (siblings, depth, index) => {
    // the branch that one is in comes last, so that its line goes on straight down
    const ordered = [...siblings].sort((a, b) => a.through.has(tree.mine) - b.through.has(tree.mine));
    ordered.forEach((node, n) => stack.push([node, depth + (n < ordered.length - 1 ? 1 : 0), index]));
  };
  const stack = [];
  walk(tree.roots, 0, 0);
  stack.reverse();
  while (stack.length && shown.length < MOST) {
    const [node, depth, index] = stack.pop(), before = stack.length;
    shown.push(row(game, node, depth, node.index ?? index, tree.mine));
    walk(node.children, depth, index + 1);
    stack.splice(before, Infinity, ...stack.slice(before).reverse());
  }
  return shown;
}

function row(game, node, depth, index, mine) {
  const inside = node.through.has(mine), here = node.ends.includes(mine), session = inside ? mine : [...node.through][0];
  const origin = node.origin ?? "";
  const label = worded(node.action, LONGEST);
  const place = button("", () => go(href("play", session, { query: { turn: index >= 0 ? index : null } })), { kind: "quiet", disabled: !session });
  place.className = "branch-turn" + (inside ? " inside" : "");
  place.removeAttribute("title");
  if (here) place.setAttribute("aria-current", "true");
  place.append(el("span", { class: "dot " + origin, title: origin || null }), el("span", { class: "branch-number" }, index >= 0 ? index + 1 : "0"), el("span", { class: "branch-text" }, label));
  const item = el("li", { class: "branch" }, place, node.ends.filter((id) => id !== mine).slice(0, 6).map((id) => ends(id, mine)), here ? el("span", { class: "badge plain" }, "here") : null);
  item.style.setProperty("--depth", Math.min(depth, 12));
  return item;
}

function ends(id, mine) {
  return el("span", { class: "cluster branch-ends" }, el("a", { class: "branch-session", href: href("play", id), title: "Go to this session" }, id.slice(0, 6)),
    el("a", { class: "branch-session", href: href("compare", mine, id), title: "Compare with this session" }, "compare"));
}
