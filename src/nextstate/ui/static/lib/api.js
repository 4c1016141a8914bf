// The server's API: JSON in and out, events of a stream, files. Whatever goes wrong is an ApiError that says what to do.
import { secret } from "./store.js";

const HINTS = {
  no_such_session: "It may have expired or belong to another key. Start a new one, or look under Sessions.",
  bad_action: "The session is unchanged: correct the action and send it again.",
  session_ended: "Fork or rewind it to go on.",
  step_failed: "The session is unchanged: send the action again, or fork with another model.",
  busy: "A step is under way; wait for it.",
  quota_exceeded: "Close sessions that you no longer need, or ask whoever runs the server for more.",
  unauthorized: "Enter a key of this server.",
};

export class ApiError extends Error {
  constructor(status, code, message, hint) {
    super(message);
    Object.assign(this, { name: "ApiError", status, code, hint: hint ?? HINTS[code] ?? "" });
  }
}

async function problem(response) {
  const text = await response.text().catch(() => "");
  let found = null;
  try { found = JSON.parse(text).error; } catch { /* no JSON: an answer from something in between */ }
  const message = found?.message ?? (text.slice(0, 300) || response.statusText || "the server gave no reason");
  const code = found?.code ?? (response.status === 401 ? "unauthorized" : response.status === 429 ? "quota_exceeded" : "http_" + response.status);
  const wait = response.headers.get("retry-after");
  return new ApiError(response.status, code, message, wait ? "Try again in " + wait + " seconds." : undefined);
}

// A page that wants to be told of a refused key (the shell asks for one).
let refused = () => {};
export const onRefused = (listener) => { refused = listener; };

async function ask(path, { method = "GET", body, accept = "application/json", signal } = {}) {
  const headers = { Accept: accept };
  if (secret()) headers.Authorization = "Bearer " + secret();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The server cannot be reached.", "Is nextstate serve still running at " + location.origin + "?");
  }
  if (response.ok) return response;
  const error = await problem(response);
  if (response.status === 401) refused(error);
  throw error;
}

const address = (path, query) => {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? path + "?" + new URLSearchParams(given) : path;
};

const json = async (answer) => { const response = await answer; return response.status === 204 ? null : response.json(); };

export const api = {
  get: (path, { query, signal } = {}) => json(ask(address(path, query), { signal })),
  post: (path, body = {}) => json(ask(path, { method: "POST", body })),
  patch: (path, body = {}) => json(ask(path, { method: "PATCH", body })),
  delete: (path) => json(ask(path, { method: "DELETE" })),
  text: async (path, { query, accept = "*/*", signal } = {}) => (await ask(address(path, query), { accept, signal })).text(),
  blob: async (path, { query } = {}) => (await ask(address(path, query), { accept: "*/*" })).blob(),

  // The server-sent events of a POST: `onEvent(name, data)` for each. A server that answers with JSON gives one event, "json".
  async stream(path, body, onEvent, signal) {
    const response = await ask(path, { method: "POST", body, accept: "text/event-stream", signal });
    if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) return void onEvent("json", await response.json());
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader(), events = new Events(onEvent);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      events.take(value);
    }
    events.take("\n\n");
  },
};

// Reads an event stream (WHATWG HTML, 9.2) that comes in pieces.
export class Events {
  constructor(onEvent) {
    Object.assign(this, { onEvent, rest: "", name: "", data: [] });
  }

  take(piece) {
    const text = this.rest + piece, lines = text.split(/\r\n|\n|\r(?=[^\n])/);
    this.rest = lines.pop();
    lines.forEach((line) => this.line(line));
  }

  line(line) {
    if (!line) return this.end();
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
    if (field === "event") this.name = value ?? "";
    else if (field === "data") this.data.push(value ?? "");
  }

  end() {
    const { name, data } = this;
    Object.assign(this, { name: "", data: [] });
    if (!data.length) return;
    const text = data.join("\n");
    let value = text;
    try { value = JSON.parse(text); } catch { /* a plain text */ }
    this.onEvent(name || "message", value);
  }
}

// Offer a file for download.
export function save(name, content, type = "application/json") {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[^\w.-]+/g, "-").slice(0, 120);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
