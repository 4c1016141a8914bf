// The key of a server that wants one: asked for once, kept until the tab is closed.
import { el } from "./dom.js";
import { button, dialog, field, note } from "./parts.js";
import { keepSecret, secret } from "./store.js";

let open = null, waiting = [];

export function askForKey({ again = false, then } = {}) {
  if (then) waiting.push(then);
  if (open) return;
  const input = el("input", { class: "input code", type: "password", autocomplete: "off", spellcheck: "false", required: true, autofocus: true });
  open = dialog("Key of the server", (close) => [again ? note("The server does not take this key.", "bad") : null, form(input, close)]);
  open.addEventListener("close", () => { open = null; waiting = []; });
  input.value = again ? "" : secret();
}

function form(input, close) {
  const take = (event) => {
    event.preventDefault();
    keepSecret(input.value.trim());
    const ready = waiting;
    close();
    ready.slice(-1).forEach((one) => one());
  };
  return el("form", { class: "stack", submit: take }, field("Key", input, "It is kept in this tab only and goes to this server only. Whoever runs the server made it with nextstate serve."),
    el("div", { class: "cluster" }, button("Use this key", null, { kind: "primary", type: "submit" }), button("Forget it", () => { keepSecret(""); close(); })));
}
