// The server's sessions: the one place that knows the paths of the API.
import { api } from "./api.js";

const one = (id) => "/v1/sessions/" + encodeURIComponent(id);
let known = null;

// Models, domains: asked once for a page.
export function about() {
  known ??= Promise.all([api.get("/v1/models"), api.get("/v1/domains")]).then(([models, domains]) => {
    const names = (models.data ?? models.models ?? []).map((model) => model.id ?? model.name ?? model);
    return { models: names, model: models.default ?? names[0], domains: domains.domains ?? domains.data ?? domains };
  }).catch((error) => { known = null; throw error; });
  return known;
}

const scenarioPath = (name) => "/v1/scenarios/" + name.split("/").map(encodeURIComponent).join("/");

export const worlds = {
  scenarios: async (domain) => (await api.get("/v1/scenarios", { query: { domain, limit: 500 } })).scenarios,
  scenario: (name) => api.get(scenarioPath(name)),
  create: (begin) => api.post("/v1/sessions", begin),
  list: async (before) => (await api.get("/v1/sessions", { query: { limit: 100, before } })).sessions,
  view: (id) => api.get(one(id)),
  trajectory: (id) => api.get(one(id) + "/trajectory"),
  fork: (id, options) => api.post(one(id) + "/fork", options),
  rewind: (id, turns) => api.post(one(id) + "/rewind", { turns }),
  instruct: (id, instruction) => api.post(one(id) + "/instruct", { instruction }),
  snapshot: (id) => api.post(one(id) + "/snapshot"),
  close: (id) => api.delete(one(id)),
  branches: (id) => api.get(one(id) + "/branches"),
  facts: async (id) => (await api.get(one(id) + "/facts")).facts,
  // The screen after `turns` turns, as a page of HTML.
  picture: (id, turns) => api.text(one(id) + "/picture", { query: { turns }, accept: "text/html" }),

  // One step; `onPart(text)` gets what has come so far. Returns {index, action, observation, meta, seconds, shared}.
  async step(id, action, onPart = () => {}, signal) {
    let turn = null, wrong = null;
    await api.stream(one(id) + "/step", { action }, (name, data) => {
      if (name === "error" || data?.error) wrong = data.error ?? data;
      else if (data?.observation !== undefined || data?.turn) turn = data.turn ? { ...data, ...data.turn } : data;
      else if (name === "delta" && typeof data?.text === "string") onPart(data.text);
    }, signal);
    if (turn) return turn;
    const { ApiError } = await import("./api.js");
    throw new ApiError(502, wrong?.code ?? "step_failed", wrong?.message ?? "The answer ended before it was whole.");
  },
};
