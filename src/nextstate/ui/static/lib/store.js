// What the page remembers: choices in localStorage, the key in sessionStorage. A browser may refuse either.
const PREFIX = "nextstate.";

export function recall(name, otherwise = null) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // not allowed or full: then it is forgotten with the page
  }
}

let held = "";

export function secret() {
  try {
    return sessionStorage.getItem(PREFIX + "key") ?? held;
  } catch {
    return held;
  }
}

export function keepSecret(value) {
  held = value;
  try {
    if (value) sessionStorage.setItem(PREFIX + "key", value);
    else sessionStorage.removeItem(PREFIX + "key");
  } catch {
    // held in memory
  }
}
