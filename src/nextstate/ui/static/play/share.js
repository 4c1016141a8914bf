// How an agent is connected to a session: as curl, MCP and Python.
import { el } from "../lib/dom.js";
import { copied } from "../lib/notices.js";
import { button, dialog } from "../lib/parts.js";
import { href } from "../lib/route.js";
import { secret } from "../lib/store.js";

const KEY = "$NEXTSTATE_KEY";
const shell = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

export function ways({ session, turns }) {
  const base = location.origin, keyed = Boolean(secret()), action = turns.at(-1)?.action ?? "…", path = "/v1/sessions/" + session.id;
  const header = keyed ? " \\\n  -H \"Authorization: Bearer " + KEY + '"' : "";
  const python = ["import json", "import os", "import urllib.request", "", "request = urllib.request.Request(", "    " + JSON.stringify(base + path + "/step") + ",", "    data=json.dumps({\"action\": " + JSON.stringify(action) + "}).encode(),",
    "    headers={\"Content-Type\": \"application/json\"" + (keyed ? ', "Authorization": "Bearer " + os.environ["NEXTSTATE_KEY"]' : "") + "},", ")", "print(json.load(urllib.request.urlopen(request))[\"turn\"][\"observation\"])"];
  return [
    ["This page", base + "/" + href("play", session.id), "Opens this session again."],
    ["curl", "curl " + shell(base + path + "/step") + " \\\n  -H 'Content-Type: application/json'" + header + " \\\n  -d " + shell(JSON.stringify({ action })), "Takes one step."],
    ["MCP", base + "/s/" + session.id + "/mcp", "Streamable HTTP: the world's tools for any MCP client." + (keyed ? " It sends the key as Authorization: Bearer." : "")],
    ["Python", python.filter((line) => keyed || line !== "import os").join("\n"), "Takes one step, with the standard library."],
  ];
}

export function share(game) {
  dialog("Connect an agent", () => [keyHint(), ways(game).map(([title, text, hint]) => {
    const copy = button("Copy", () => copied(copy, text), { icon: "copy", "aria-label": "Copy: " + title });
    const code = el("pre", { class: "plain-text snippet", tabindex: "0", "aria-label": title });
    code.append(document.createTextNode(text));
    return el("section", { class: "stack tight" }, el("div", { class: "row" }, el("h3", { class: "grow" }, title), copy), el("p", { class: "soft small" }, hint), code);
  })]);
}

const keyHint = () => (secret() ? el("p", { class: "note" }, "The key is not written into these: put it into the environment variable NEXTSTATE_KEY.") : null);
