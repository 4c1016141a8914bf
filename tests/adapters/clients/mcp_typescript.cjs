// The official clients for TypeScript against the sessions of a server: FOLDER BASE ERA [survive]. Prints JSON.
//
// FOLDER holds node_modules. The era "1" is the package of the first line, "legacy" and "2026-07-28" that of the second.
// See mcp2.py, whose sessions and answers these are.

const { createRequire } = require("node:module");
const { join } = require("node:path");

const [folder, base, era, survives] = process.argv.slice(2);
const load = createRequire(join(folder, "package.json"));
const PARALLEL = 20;
const CALLS = 5;

const name = era === "1" ? "sdk" : "client";
const { version } = JSON.parse(
  require("node:fs").readFileSync(join(folder, "node_modules/@modelcontextprotocol", name, "package.json"), "utf8"),
);
const { Client } = load(era === "1" ? "@modelcontextprotocol/sdk/client/index.js" : "@modelcontextprotocol/client");
const { StreamableHTTPClientTransport } = load(
  era === "1" ? "@modelcontextprotocol/sdk/client/streamableHttp.js" : "@modelcontextprotocol/client",
);

async function connected(session, work) {
  const mode = era === "legacy" ? "legacy" : { pin: era };
  const options = era === "1" ? {} : { versionNegotiation: { mode } };
  const client = new Client({ name: "conformance", version: "1" }, options);
  const transport = new StreamableHTTPClientTransport(new URL(`${base}/s/${session}/mcp`));
  await client.connect(transport);
  try {
    return await work(client, transport);
  } finally {
    await client.close();
  }
}

async function seen(client, called, given) {
  try {
    const answer = await client.callTool({ name: called, arguments: given });
    const meta = Object.entries(answer._meta ?? {}).filter(([key]) => key.startsWith("nextstate/"));
    return {
      texts: answer.content.map((one) => one.text),
      error: answer.isError ?? false,
      structured: answer.structuredContent ?? null,
      meta: Object.fromEntries(meta),
    };
  } catch (error) {
    return { code: error.code, data: error.data, words: String(error) };
  }
}

async function turns(client, calls) {
  const found = [];
  for (let call = 0; call < calls; call++) found.push((await seen(client, "count", {})).meta["nextstate/turn"]);
  return found;
}

async function conform() {
  const told = { library: `@modelcontextprotocol/${name} ${version}` };
  await connected("desk", async (client, transport) => {
    const { tools } = await client.listTools();
    told.protocol = transport.protocolVersion ?? client.getNegotiatedProtocolVersion?.();
    told.instructions = client.getInstructions() ?? null;
    told.tools = Object.fromEntries(tools.map((tool) => [tool.name, [tool.inputSchema, tool.outputSchema ?? null]]));
    const calls = { ok: "search-flights", structured: "count", failed: "fail", broken: "break", unknown: "nope" };
    for (const [what, called] of Object.entries(calls)) told[what] = await seen(client, called, { legs: [{ to: "OSL" }] });
  });
  await connected("plain", async (client) => {
    const { tools } = await client.listTools();
    told.bad = await seen(client, tools[0].name, { nonsense: 1 });
  });
  await connected("both", (one) =>
    connected("both", async (other) => {
      told.both = (await Promise.all([turns(one, CALLS), turns(other, CALLS)])).flat().sort((a, b) => a - b);
    }),
  );
  const started = performance.now();
  const numbers = Array.from({ length: PARALLEL }, (_, number) => number);
  told.parallel = await Promise.all(
    numbers.map((number) => connected(`s${number}`, (client) => turns(client, CALLS))),
  );
  told.rate = Math.round((PARALLEL * CALLS * 1000) / (performance.now() - started));
  return told;
}

async function survive() {
  const found = [];
  await connected("desk", async (client) => {
    while (found.length < 10) {
      const answer = await seen(client, "count", {});
      if (answer.meta) found.push(answer.meta["nextstate/turn"]);
      else await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  return { turns: found };
}

(survives ? survive() : conform()).then((told) => console.log(JSON.stringify(told)));
