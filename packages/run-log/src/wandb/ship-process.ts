/** The process that brings a run to W&B. Its work comes as a message; it ends with its report, or after its parent. */
import { setPriority } from "node:os";
import { release, takeOver } from "./ownership.ts";
import { ship, type ShippingTask } from "./ship.ts";
import { pathsOf } from "./shipping-state.ts";

/** How long a run may still be sent after it was killed; its rows are on disk. */
const orphanTimeoutMs = 30_000;

try {
  setPriority(5); // training comes first
} catch {
  // not allowed everywhere
}
const task = Promise.withResolvers<ShippingTask>();
const finishing = Promise.withResolvers<{ timeoutMs: number }>();
const leave = (): void => finishing.resolve({ timeoutMs: orphanTimeoutMs });
process.on("message", (message: ShippingTask | { timeoutMs: number }) => ("folder" in message ? task.resolve(message) : finishing.resolve(message)));
process.once("disconnect", leave).once("SIGTERM", leave);
const { owner } = pathsOf((await task.promise).folder);
await takeOver(owner, () => process.exit(0));
const report = await ship(await task.promise, finishing.promise);
release(owner);
if (process.connected) process.send?.(report, undefined, undefined, () => process.exit(0));
else process.exit(0);
