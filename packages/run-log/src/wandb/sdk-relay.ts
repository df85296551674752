import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Refused, type WandbClient } from "./wandb-client.ts";

/** What goes with the next lines: the index of the first of them, and the summary so far as JSON text. */
export type Freight = { readonly from: number; readonly summary: string };

export type SdkRelay = {
  /** The base URL for the SDK. */
  readonly url: string;
  /** The run's owner, once the server has said it. */
  entity(): string | undefined;
  /** Says what the next `lines` lines belong to; resolves when the server has confirmed them. */
  expect(lines: number, freight: Freight): Promise<void>;
  /** Resolves when the server has confirmed the end of the run. */
  readonly ended: Promise<void>;
  /** Rejects where the server refuses. */
  readonly refused: Promise<never>;
  close(): void;
};

/**
 * Starts a server on 127.0.0.1 that the SDK takes for W&B's, and passes its requests on.
 *
 * The SDK itself asks only once, counts lines from 0 in every process, writes its own step and time over a row's, makes NaN
 * null, and leaves out group, tags, notes and job type. So here every request is repeated until it is confirmed, a line
 * is taken out of its wrapping `{ line }` as it is, the offset is the run's, and the fields are added.
 */
export async function startSdkRelay(client: WandbClient, fields: Readonly<Record<string, unknown>>): Promise<SdkRelay> {
  const ended = Promise.withResolvers<void>();
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => undefined);
  let entity: string | undefined;
  let expected: { lines: number; next: number; summary: string; confirm: () => void } | undefined;

  async function takeGraphql(body: string): Promise<unknown> {
    const { query, variables } = JSON.parse(body) as { query: string; variables: Record<string, unknown> };
    const isUpsert = query.includes("upsertBucket");
    const answer = (await client.post("/graphql", { query, variables: isUpsert ? { ...variables, ...fields } : variables })) as GraphqlAnswer;
    if (isUpsert && !answer.data?.upsertBucket?.bucket) throw new Refused(`the server refuses the run (${messagesOf(answer)})`);
    if (query.includes("viewer") && !answer.data?.viewer?.entity) throw new Refused("the server does not know the API key");
    if (isUpsert) entity = answer.data?.upsertBucket?.bucket?.project?.entity?.name ?? String(variables["entity"]);
    return answer;
  }
  async function takeStream(path: string, body: string): Promise<unknown> {
    const { files, complete, exitcode } = JSON.parse(body) as SdkPost;
    const content = (files?.["wandb-history.jsonl"]?.content ?? []).map((wrapped) => (JSON.parse(wrapped) as { line: string }).line);
    const summary = expected && { "wandb-summary.json": { offset: 0, content: [expected.summary] } };
    const history = content.length > 0 && { "wandb-history.jsonl": { offset: expected!.next, content } };
    await client.post(path, { files: { ...history, ...summary }, ...(complete && { complete, exitcode }) });
    if (complete) ended.resolve();
    if (expected) advance(content.length);
    return {};
  }
  function advance(lines: number): void {
    expected!.next += lines;
    expected!.lines -= lines;
    if (expected!.lines <= 0) expected!.confirm();
  }
  const { url, close } = await serve((path, body) => (path === "/graphql" ? takeGraphql(body) : takeStream(path, body)), refused.reject);
  return {
    url,
    entity: () => entity,
    ended: ended.promise,
    refused: refused.promise,
    close,
    expect(lines, { from, summary }) {
      const { promise, resolve } = Promise.withResolvers<void>();
      expected = { lines, next: from, summary, confirm: resolve };
      return promise;
    },
  };
}

type GraphqlAnswer = {
  data?: { viewer?: { entity?: string }; upsertBucket?: { bucket?: { project?: { entity?: { name?: string } } } } };
  errors?: { message: string }[];
};

function messagesOf({ errors = [] }: GraphqlAnswer): string {
  return errors.map(({ message }) => message).join("; ") || "no reason given";
}

type SdkPost = { files?: Record<string, { content: string[] }>; complete?: boolean; exitcode?: number };

/** Serves the SDK, and nobody who does not know the address; a request that fails stays without an answer. */
async function serve(take: (path: string, body: string) => Promise<unknown>, fail: (error: unknown) => void): Promise<{ url: string; close: () => void }> {
  const secret = `/${randomUUID()}`;
  const server = createServer((request, response) => {
    if (!request.url?.startsWith(`${secret}/`)) return void response.writeHead(404).end();
    const path = request.url.slice(secret.length);
    textOf(request).then((body) => take(path, body)).then((answer) => response.setHeader("content-type", "application/json").end(JSON.stringify(answer)), fail);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${secret}`, close: () => (server.close(), server.closeAllConnections()) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
