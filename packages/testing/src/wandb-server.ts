import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * How the server treats what comes in: answers; answers everything with a status (500, 401, ...); takes requests and
 * never answers ("black hole"); refuses connections ("away").
 */
export type WandbBehaviour = "well" | number | "black hole" | "away";

/** A run as the server holds it. */
export type WandbServerRun = {
  /** What UpsertBucket said last of each name: `groupName`, `tags`, `config`, ... */
  readonly fields: Record<string, unknown>;
  /** The lines of history, each where its offset put it. */
  readonly history: string[];
  summary: Record<string, unknown>;
  complete: boolean;
  exitCode?: number;
  /** Uploaded files by path. */
  readonly files: Map<string, string>;
};

export type WandbServer = {
  readonly url: string;
  /** The runs by id; a test may change them. */
  readonly runs: Map<string, WandbServerRun>;
  /** How many requests came in, answered or not. */
  requests(): number;
  /** How many lines of history came in, those sent again counted again. */
  linesReceived(): number;
  behave(how: WandbBehaviour): Promise<void>;
  close(): Promise<void>;
};

/**
 * Starts a server on 127.0.0.1 that takes runs as Weights & Biases does: from `@wandb/sdk`, and from the official
 * client's `wandb sync`.
 *
 * `tellsLines: false` keeps the number of lines from who asks for it.
 * As there, a post to `file_stream` puts lines where its offset says, and UpsertBucket tells how many lines there are.
 */
export async function startWandbServer(behaviour: WandbBehaviour = "well", { tellsLines = true }: { tellsLines?: boolean } = {}): Promise<WandbServer> {
  const store: Store = { runs: new Map(), requests: 0, linesReceived: 0, tellsLines };
  let current: WandbBehaviour = "well";
  const server = createServer((request, response) => {
    store.requests++;
    void bodyOf(request).then((body) => {
      if (current === "black hole") return;
      if (typeof current === "number") return answer(response, { error: `status ${current}` }, current);
      return answer(response, reply(store, request, body, url));
    });
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const leave = () => new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections()));
  async function behave(how: WandbBehaviour): Promise<void> {
    if (how === "away" && server.listening) await leave();
    if (how !== "away" && !server.listening) await listen(server, port);
    current = how;
  }
  await behave(behaviour);
  return {
    url,
    runs: store.runs,
    requests: () => store.requests,
    linesReceived: () => store.linesReceived,
    behave,
    close: async () => (server.listening ? leave() : undefined),
  };
}

/** A line of history as an object; the bare words NaN and Infinity, which W&B's client writes, are the numbers. */
export function wandbLine(line: string): Record<string, unknown> {
  const words = line.replaceAll(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) => (token.startsWith('"') ? token : `"\\u0000${token}"`));
  return JSON.parse(words, (_, value: unknown) => (typeof value === "string" && value.startsWith("\0") ? Number(value.slice(1)) : value)) as Record<string, unknown>;
}

type Store = { runs: Map<string, WandbServerRun>; requests: number; linesReceived: number; tellsLines: boolean };

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

function answer(response: ServerResponse, content: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
}

function reply(store: Store, { url = "" }: IncomingMessage, body: string, address: string): unknown {
  if (url === "/graphql") return { data: graphql(store, JSON.parse(body) as GraphqlRequest, address) };
  const stream = /^\/files\/[^/]+\/[^/]+\/([^/]+)\/file_stream$/.exec(url);
  if (stream) return takeStream(store, runOf(store, stream[1]!), JSON.parse(body) as StreamPost);
  const upload = /^\/upload\/([^/]+)\/(.*)$/.exec(url);
  if (upload) runOf(store, upload[1]!).files.set(decodeURIComponent(upload[2]!), body);
  return {};
}

type GraphqlRequest = { query: string; variables?: Record<string, unknown> };

function graphql(store: Store, { query, variables = {} }: GraphqlRequest, address: string): unknown {
  if (query.includes("upsertBucket")) return { upsertBucket: { bucket: upsert(store, variables), inserted: true } };
  if (query.includes("createRunFiles")) {
    const files = (variables["files"] as string[]).map((name) => ({ name, uploadUrl: `${address}/upload/${String(variables["run"])}/${encodeURIComponent(name)}` }));
    return { createRunFiles: { runID: "id", uploadHeaders: [], files } };
  }
  if (query.includes("viewer")) return { viewer: { id: "user", entity: "someone", username: "someone", flags: "{}", teams: { edges: [] } } };
  if (query.includes("historyLineCount") && store.tellsLines) {
    const run = store.runs.get(String(variables["name"]));
    return { model: { bucket: run ? { historyLineCount: run.history.length } : null } };
  }
  return {};
}

function upsert(store: Store, variables: Record<string, unknown>): unknown {
  const { name, project, entity } = variables;
  const run = runOf(store, String(name));
  Object.assign(run.fields, Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== null && value !== undefined)));
  const { displayName = name, config = "{}" } = run.fields;
  const owner = { id: "project", name: project ?? "uncategorized", entity: { id: "entity", name: entity || "someone" } };
  return { id: name, name, displayName, description: "", config, sweepName: null, historyLineCount: run.history.length, project: owner };
}

function runOf({ runs }: Store, id: string): WandbServerRun {
  const run = runs.get(id) ?? { fields: {}, history: [], summary: {}, complete: false, files: new Map<string, string>() };
  runs.set(id, run);
  return run;
}

type StreamPost = { files?: Record<string, { offset: number; content: string[] }>; complete?: boolean; exitcode?: number };

function takeStream(store: Store, run: WandbServerRun, { files = {}, complete, exitcode }: StreamPost): unknown {
  const { "wandb-history.jsonl": history, "wandb-summary.json": summary } = files;
  for (const [index, line] of (history?.content ?? []).entries()) run.history[history!.offset + index] = line;
  store.linesReceived += history?.content.length ?? 0;
  if (summary) run.summary = wandbLine(summary.content.at(-1)!);
  if (complete !== undefined) Object.assign(run, { complete, exitCode: exitcode });
  return { exitcode: null, limits: {} };
}
