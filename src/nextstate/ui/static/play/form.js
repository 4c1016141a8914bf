// A form made from a JSON Schema: one field a property; what a field cannot hold is written as JSON.
import { el } from "../lib/dom.js";
import { field } from "../lib/parts.js";

const typesOf = (schema) => (Array.isArray(schema.type) ? schema.type : [schema.type]).filter((one) => one && one !== "null");

export function schemaForm(schema, values, submit) {
  const properties = schema && typeof schema.properties === "object" && schema.properties ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const fields = Object.entries(properties).slice(0, 100).map(([name, one]) => [name, made(one && typeof one === "object" ? one : {}, values[name], required.has(name))]);
  const node = el("form", { class: "form-fields", submit: (event) => { event.preventDefault(); submit(); } });
  for (const [name, one] of fields) node.append(field(name + (required.has(name) ? " *" : ""), one.input, one.hint));
  if (!fields.length) node.append(el("p", { class: "soft small" }, "This tool takes no arguments."));
  node.append(el("button", { type: "submit", class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" }, "Send"));
  const extra = Object.fromEntries(Object.entries(values).filter(([name]) => !Object.hasOwn(properties, name)));
  return { node, values: () => read(fields, required, extra) };
}

// The arguments, and the first thing that is wrong with them.
function read(fields, required, extra) {
  const given = {};
  let wrong = null;
  for (const [name, one] of fields) {
    const { value, missing, problem } = one.read();
    one.input.setAttribute("aria-invalid", String(Boolean(problem || (missing && required.has(name)))));
    if (problem) wrong ??= new Error(name + ": " + problem);
    else if (!missing) Object.defineProperty(given, name, { value, enumerable: true });
    else if (required.has(name)) wrong ??= new Error(name + " is required. (An empty text can be given under JSON.)");
  }
  return { arguments: { ...given, ...extra }, wrong };
}

function made(schema, value, required) {
  const [type] = typesOf(schema), hint = hintOf(schema);
  value ??= schema.default ?? undefined;
  if (Array.isArray(schema.enum)) return { ...choice(schema.enum, value, required), hint };
  if (type === "boolean") return { ...choice([true, false], value, required), hint };
  if (type === "integer" || type === "number") return { ...number(schema, type, value), hint };
  if (type === "string") return { ...words(schema, value), hint };
  return { ...json(value, schema), hint };
}

function hintOf(schema) {
  const parts = [typeof schema.description === "string" ? schema.description.slice(0, 300) : ""];
  if (schema.minimum !== undefined || schema.maximum !== undefined) parts.push([schema.minimum !== undefined ? "from " + schema.minimum : "", schema.maximum !== undefined ? "to " + schema.maximum : ""].filter(Boolean).join(" "));
  return parts.filter(Boolean).join(" · ");
}

function choice(options, value, required) {
  const input = el("select", { class: "input" }, required && value !== undefined ? null : el("option", { value: "" }, "–"), options.map((one, n) => el("option", { value: n }, typeof one === "string" ? one : JSON.stringify(one))));
  const at = options.findIndex((one) => JSON.stringify(one) === JSON.stringify(value));
  input.value = at >= 0 ? String(at) : input.options[0]?.value ?? "";
  return { input, read: () => (input.value === "" ? { missing: true } : { value: options[Number(input.value)] }) };
}

function number(schema, type, value) {
  const input = el("input", { class: "input", type: "number", step: type === "integer" ? "1" : "any", inputmode: type === "integer" ? "numeric" : "decimal", value: value ?? "" });
  const check = () => {
    if (!input.value.trim()) return input.validity.badInput ? { problem: "a number is expected" } : { missing: true };
    const found = Number(input.value);
    return Number.isFinite(found) ? { value: found } : { problem: "a number is expected" };
  };
  return { input, read: check };
}

function words(schema, value) {
  const long = schema.maxLength > 200 || /body|content|text|code|command|message|query|description/i.test(schema.title ?? "") || String(value ?? "").includes("\n");
  const input = el("textarea", { class: "input", rows: long ? "2" : "1", spellcheck: "false" });
  input.value = value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); input.form.requestSubmit(); } });
  return { input, read: () => (input.value === "" ? { missing: true } : { value: input.value }) };
}

function json(value, schema) {
  const input = el("textarea", { class: "input code", rows: "1", spellcheck: "false", placeholder: typesOf(schema)[0] === "array" ? "[…]" : "JSON" });
  input.value = value === undefined ? "" : JSON.stringify(value);
  const check = () => {
    if (!input.value.trim()) return { missing: true };
    try {
      return { value: JSON.parse(input.value) };
    } catch {
      return { problem: "this is not JSON" };
    }
  };
  return { input, read: check };
}
