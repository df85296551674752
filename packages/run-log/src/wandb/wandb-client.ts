import { setTimeout } from "node:timers/promises";

/** What a server will not take, however often it is asked. */
export class Refused extends Error {
  override name = "Refused";
}

export type WandbClient = {
  /** Posts JSON until the server takes it, and returns the answer. Throws `Refused` where asking again is of no use. */
  post(path: string, body: unknown): Promise<Record<string, unknown>>;
  /** What stood in the way last; undefined where the last post went through. */
  trouble(): string | undefined;
  /** From now on waits a second at most before it asks again. */
  hurry(): void;
};

const firstPauseMs = 250;
const longestPauseMs = 30_000;
const hurriedPauseMs = 1000;

/** Returns a client that asks again, in growing pauses, where the server is away, silent, or busy. */
export function wandbClient({ baseUrl, apiKey, timeoutMs }: { baseUrl: string; apiKey: string; timeoutMs: number }): WandbClient {
  const headers = { "content-type": "application/json", authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString("base64")}` };
  const hurried = new AbortController();
  let trouble: string | undefined;

  async function attempt(path: string, body: string): Promise<Record<string, unknown> | undefined> {
    try {
      const response = await fetch(baseUrl + path, { method: "POST", headers, body, signal: AbortSignal.timeout(timeoutMs) });
      const text = await response.text();
      trouble = response.ok ? undefined : `the server answers with status ${response.status}`;
      if (response.ok) return JSON.parse(text) as Record<string, unknown>;
      if (isFinal(response.status)) throw new Refused(refusal(response.status, text));
    } catch (error) {
      if (error instanceof Refused) throw error;
      trouble = troubleOf(error as Error, timeoutMs);
    }
    return undefined;
  }
  async function pause(attempts: number): Promise<void> {
    const ms = Math.min(firstPauseMs * 2 ** attempts, hurried.signal.aborted ? hurriedPauseMs : longestPauseMs);
    const signal = hurried.signal.aborted ? undefined : hurried.signal;
    await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  }
  return {
    async post(path, body) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      for (let attempts = 0; ; attempts++) {
        const answer = await attempt(path, text);
        if (answer) return answer;
        await pause(attempts);
      }
    },
    trouble: () => trouble,
    hurry: () => hurried.abort(),
  };
}

/** 408 and 429 ask to come again, and what begins with 5 may pass. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 408 && status !== 429;
}

function refusal(status: number, text: string): string {
  if (status === 401 || status === 403) return `the server refuses the API key (status ${status})`;
  return `the server refuses the run (status ${status}: ${text.slice(0, 200)})`;
}

function troubleOf({ name, message, cause }: Error, timeoutMs: number): string {
  if (name === "TimeoutError") return `the server does not answer within ${timeoutMs / 1000} s`;
  if (name === "SyntaxError") return "the server answers with something else than JSON";
  return `the server cannot be reached (${(cause as NodeJS.ErrnoException | undefined)?.code ?? message})`;
}
