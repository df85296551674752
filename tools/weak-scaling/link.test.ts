import { expect, it } from "vitest";
import { overLink } from "./link.ts";

it("a link of 1 Gb/s each way is a loopback of 2 Gb/s in a network of its own", () => {
  const { program, args } = overLink("1gbit", "node", ["rank.ts", "a b"]);
  expect([program, ...args.slice(0, 3)]).toEqual(["unshare", "-n", "bash", "-c"]);
  expect(args[3]).toBe('ip link set lo up && tc qdisc add dev lo root tbf rate 2gbit burst 2mb latency 50ms && exec "$@"');
  expect(args.slice(4)).toEqual(["link", "node", "rank.ts", "a b"]);
});

it("a rate that tc would read otherwise, or not at all, is refused", () => {
  for (const rate of ["1", "gbit", "1gbps", "1gbit; reboot"]) {
    expect(() => overLink(rate, "node", [])).toThrow(new Error(`weak-scaling(--link): expected rates such as 1gbit or 500mbit, got "${rate}". Separate several by commas.`));
  }
});
