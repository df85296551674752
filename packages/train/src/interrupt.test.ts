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
});
