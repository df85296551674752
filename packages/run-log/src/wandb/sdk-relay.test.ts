import { startWandbServer, type WandbServer } from "@flexivit/testing/wandb";
import { expect, it } from "vitest";
import { startSdkRelay, type SdkRelay } from "./sdk-relay.ts";
import { Refused, wandbClient } from "./wandb-client.ts";

async function relayed(answer?: unknown): Promise<{ server: WandbServer; relay: SdkRelay; post: (path: string, body: unknown) => Promise<unknown> }> {
  const server = await startWandbServer();
  const client = wandbClient({ baseUrl: server.url, apiKey: "key", timeoutMs: 5000 });
  const relay = await startSdkRelay(answer ? { ...client, post: async () => answer as Record<string, unknown> } : client, { groupName: "g" });
  const post = async (path: string, body: unknown): Promise<unknown> => (await fetch(relay.url + path, { method: "POST", body: JSON.stringify(body) })).json();
  return { server, relay, post };
}

const stream = "/files/someone/p/run1/file_stream";
const posted = (lines: readonly string[]): unknown => ({ files: { "wandb-history.jsonl": { offset: 0, content: lines.map((line) => JSON.stringify({ line, _step: -1 })) } } });

it("lines that the SDK sends in two posts go one behind the other, at their place in the run and as they stood", async () => {
  const { server, relay, post } = await relayed();
  const confirmed = relay.expect(3, { from: 2, summary: '{"a":NaN}' });
  await post(stream, posted(['{"a":NaN}', '{"a":-0}']));
  await post(stream, posted(['{"a":7}']));
  await confirmed;
  const { history, summary } = server.runs.get("run1")!;
  expect(history.slice(2)).toEqual(['{"a":NaN}', '{"a":-0}', '{"a":7}']);
  expect(summary).toEqual({ a: Number.NaN });
  relay.close();
  await server.close();
});

it("a run is described with what the SDK leaves out", async () => {
  const { server, relay, post } = await relayed();
  await post("/graphql", { query: "mutation { upsertBucket }", variables: { name: "run1", project: "p", entity: "team" } });
  expect(server.runs.get("run1")!.fields).toEqual({ name: "run1", project: "p", entity: "team", groupName: "g" });
  expect(relay.entity()).toBe("team");
  relay.close();
  await server.close();
});

it.each([
  ["query { viewer }", { data: { viewer: null } }, "the server does not know the API key"],
  ["mutation { upsertBucket }", { data: null, errors: [{ message: "no such project" }] }, "the server refuses the run (no such project)"],
])("%s that is answered with nothing is a refusal", async (query, answer, message) => {
  const { server, relay, post } = await relayed(answer);
  post("/graphql", { query, variables: {} }).catch(() => undefined); // the SDK gets no answer
  await expect(relay.refused).rejects.toThrow(new Refused(message));
  relay.close();
  await server.close();
});

it("who does not know the address gets nothing", async () => {
  const { server, relay } = await relayed();
  expect((await fetch(`${new URL(relay.url).origin}/graphql`, { method: "POST", body: "{}" })).status).toBe(404);
  expect(server.requests()).toBe(0);
  relay.close();
  await server.close();
});
