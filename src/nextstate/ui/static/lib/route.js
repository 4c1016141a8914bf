// Where the page is: #/view/segment/...?name=value. A link to it opens the same again.
const quoted = (segment) => encodeURIComponent(segment);

export function href(view, ...path) {
  const options = path.length && typeof path.at(-1) === "object" ? path.pop() : {};
  const given = Object.entries(options.query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const query = given.length ? "?" + new URLSearchParams(given) : "";
  return "#/" + [view, ...path].map(quoted).join("/") + query;
}

export function go(address, { replace = false } = {}) {
  if (replace) location.replace(address);
  else location.hash = address;
}

export function current(hash = location.hash) {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const [view, ...rest] = path.split("/").filter(Boolean).map(opened);
  return { view: view ?? "", path: rest, query: new URLSearchParams(query) };
}

function opened(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
