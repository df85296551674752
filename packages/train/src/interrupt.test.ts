import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { onInterrupt } from "./index.ts";

afterEach(() => vi.restoreAllMocks());

describe("onInterrupt", () => {
  it.each([
    ["SIGINT", "Ctrl-C", 130],
    ["SIGTERM", "SIGTERM", 143],
  ] as const)("aborts at the first %s and says so once; the second leaves with %s's code %i", (signal, called, code) => {
    const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
    const said: string[] = [];
    const interrupt = onInterrupt((message) => said.push(message));
    expect(interrupt.signal.aborted).toBe(false);
    process.emit(signal, signal);
    expect(interrupt.signal.aborted).toBe(true);
    expect(said).toEqual([`${called}: finishing this step, then saving. Press Ctrl-C again to leave at once.`]);
    expect(exit).not.toHaveBeenCalled();
    process.emit(signal, signal);
    expect(exit).toHaveBeenCalledWith(code);
    interrupt.release();
  });

  it("leaves no listener behind once it is released", () => {
    const count = (): number => process.listenerCount("SIGINT") + process.listenerCount("SIGTERM");
    const before = count();
    const { release } = onInterrupt();
    expect(count()).toBe(before + 2);
    release();
    expect(count()).toBe(before);
  });

  it("lets a second Ctrl-C end a program amid a step that takes a minute", async () => {
    const program = fileURLToPath(new URL("../test-support/slow-training.ts", import.meta.url));
    const child = spawn(process.execPath, ["--conditions=@flexivit/source", program], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
      if (said.endsWith("step 2\n") || said.endsWith("at once.\n")) child.kill("SIGINT");
    });
    expect(await once(child, "close")).toEqual([130, null]);
    expect(said).toBe("step 1\nstep 2\nCtrl-C: finishing this step, then saving. Press Ctrl-C again to leave at once.\n");
  });
});
