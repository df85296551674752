import { runProgram } from "../run-program.ts";

/** A program, its arguments and what it needs in the environment. */
export type Started = { program: string; args: readonly string[]; env: Record<string, string> };

/** What makes Open MPI talk through the loopback interface, also where ranks could share memory; 4 and 5 name it differently. */
const throughLoopback = {
  OMPI_MCA_pml: "ob1",
  OMPI_MCA_btl: "tcp,self",
  OMPI_MCA_btl_tcp_if_include: "lo",
  OMPI_MCA_oob_tcp_if_include: "lo",
  PRTE_MCA_oob_tcp_if_include: "lo",
};

/**
 * Starts a program in a network of its own, where two ranks talk as over a link that carries `rate` each way.
 *
 * The loopback interface sends both ways through one queue: it is held to twice the rate.
 *
 * @param rate such as "1gbit" or "500mbit"
 */
export function overLink(rate: string, program: string, args: readonly string[]): Started {
  const [, number, unit] = /^(\d+)([gm]bit)$/.exec(rate) ?? [];
  if (!number || !unit) throw new Error(`weak-scaling(--link): expected rates such as 1gbit or 500mbit, got "${rate}". Separate several by commas.`);
  const limit = `tc qdisc add dev lo root tbf rate ${2 * Number(number)}${unit} burst 2mb latency 50ms`;
  return { program: "unshare", args: ["-n", "bash", "-c", `ip link set lo up && ${limit} && exec "$@"`, "link", program, ...args], env: throughLoopback };
}

/** @throws where this user or machine cannot make such links; says what is missing. */
export async function requireLinks(rates: readonly string[]): Promise<void> {
  for (const rate of rates) {
    const { program, args } = overLink(rate, "true", []);
    const { code, output } = await runProgram(program, args);
    if (code === 0) continue;
    throw new Error(`weak-scaling(--link): expected a network of its own held to ${rate}, got: ${output.trim()}. Run on Linux as root, with unshare, ip and tc (apt-get install iproute2).`);
  }
}
