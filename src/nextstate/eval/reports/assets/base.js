"use strict";
// Texts come from recordings and models: they only ever become text nodes, and what cannot be seen gets a sign.
const UNSEEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function sign(char) {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return "\u27e8U+" + code.toString(16).toUpperCase().padStart(4, "0") + "\u27e9";
}

const visible = (text) => String(text).replace(UNSEEN, sign);

// An element with attributes (`class`, `aria-...`; functions become listeners) and children (nodes or texts).
function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) {
    if (child !== undefined && child !== null) node.append(child instanceof Node ? child : visible(child));
  }
  return node;
}

const byId = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en");
const plain = (value, digits = 3) => value === null || value === undefined ? "–" : value.toFixed(digits);
const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(3);
const time = (ms) => ms === null || ms === undefined ? "–" : ms < 1000 ? ms.toFixed(ms < 10 ? 2 : 0) + " ms" : (ms / 1000).toFixed(1) + " s";

function bytes(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64), found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
}

// The JSON value of a part of the page, which stands there as gzip in base64.
function unpack(id) {
  const stream = new Blob([bytes(byId(id).textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const recent = new Map();

// The texts of some rows. The last few parts stay unpacked.
async function part(number) {
  if (!recent.has(number)) recent.set(number, unpack("part-" + number));
  const found = recent.get(number);
  recent.delete(number);
  recent.set(number, found);
  if (recent.size > 6) recent.delete(recent.keys().next().value);
  return found;
}
