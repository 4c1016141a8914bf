// A world of one's own: tool declarations as MCP, OpenAI or Anthropic have them, and what is true before the first call.
import { clear, el } from "../lib/dom.js";
import { button, field, select } from "../lib/parts.js";

const EXAMPLE = [
  { name: "create_ticket", description: "Open a ticket and return it with its id.", inputSchema: { type: "object", properties: { title: { type: "string", description: "What is wrong" }, priority: { type: "string", enum: ["low", "normal", "high"], default: "normal" } }, required: ["title"] } },
  { name: "get_ticket", description: "Return one ticket.", inputSchema: { type: "object", properties: { id: { type: "integer", minimum: 1 } }, required: ["id"] } },
  { name: "list_tickets", description: "List the open tickets.", inputSchema: { type: "object", properties: {} } },
];
const EXAMPLE_STATE = "A help desk. There are no tickets yet; ids count from 1.";

export function paste(domains, scenarios, choose) {
  const ready = domains.map((one) => one.name).filter((name) => scenarios.some((one) => one.domain === name && one.tools));
  const names = [...ready, ...domains.map((one) => one.name).filter((name) => !ready.includes(name))];
  const tools = el("textarea", { class: "input code", rows: "12", spellcheck: "false", placeholder: '[{"name": "…", "description": "…", "inputSchema": {…}}]', input: () => check() });
  const state = el("textarea", { class: "input", rows: "4", placeholder: "What is true at the beginning, in words." });
  const domain = select(names.map((name) => [name, name]), names[0]);
  const found = el("p", { class: "hint", role: "status" }, "The answer of tools/list, an array of tools, or functions as OpenAI has them.");

  function check() {
    const { tools: read, wrong } = declared(tools.value);
    tools.setAttribute("aria-invalid", String(Boolean(wrong && tools.value.trim())));
    found.classList.toggle("bad", Boolean(wrong));
    clear(found, wrong || read.length + (read.length === 1 ? " tool: " : " tools: ") + read.map((one) => one.name).join(", ").slice(0, 400));
    choose(wrong ? null : () => ({ scenario: { domain: domain.value, setup: { initial_state: state.value, tools: read } } }));
  }

  const example = button("Fill in an example", () => {
    tools.value = JSON.stringify(EXAMPLE, null, 2);
    state.value = EXAMPLE_STATE;
    check();
  }, { icon: "pen" });
  return el("div", { class: "stack" }, el("div", { class: "field" }, field("Tools (JSON)", tools), found), field("Initial state", state), field("Kind of world", domain), el("div", {}, example));
}

// The tools that a text declares, or what is wrong with it.
export function declared(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { tools: [], wrong: text.trim() ? "This is not JSON: " + error.message : "Paste the declarations of the tools." };
  }
  const list = [value, value?.tools, value?.result?.tools, value?.functions].find(Array.isArray);
  if (!list) return { tools: [], wrong: "An array of tools is expected, or an object that has one under \"tools\"." };
  const tools = [];
  for (const [at, one] of list.entries()) {
    const tool = one?.function ?? one, schema = tool?.input_schema ?? tool?.inputSchema ?? tool?.parameters ?? {};
    if (typeof tool?.name !== "string" || !tool.name) return { tools: [], wrong: "The tool at place " + at + " has no name." };
    if (typeof schema !== "object" || Array.isArray(schema)) return { tools: [], wrong: "The schema of the tool " + tool.name + " is no object." };
    const output = tool.output_schema ?? tool.outputSchema;
    tools.push({ name: tool.name, description: String(tool.description ?? ""), inputSchema: schema ?? {}, ...(output ? { outputSchema: output } : {}) });
  }
  return tools.length ? { tools, wrong: "" } : { tools, wrong: "The array is empty." };
}
