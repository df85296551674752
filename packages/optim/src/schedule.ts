import { notNegative, positive } from "./settings.ts";

/** Steps of a rise from 0 at the start and of a fall to 0 at the end; both are linear factors. */
type Ramps = { totalSteps: number; warmupSteps?: number; cooldownSteps?: number };

/**
 * A learning-rate schedule as plain data.
 *
 * - `constant`: 1
 * - `cosine`: (1 + cos(pi progress)) / 2
 * - `linear`: end + (1 - end) (1 - progress)^power, with `end` 0 (a part of the learning rate) and `power` 1 unless given
 * - `rsqrt`: 1 / sqrt(1 + (steps since warm-up + shift) / timescale), with `timescale` 10,000 and `shift` 0
 * - `stairs`: the factor of the last stair whose `fromStep` is reached; 1 before the first
 *
 * `progress` runs from 0 after the warm-up to 1 at `totalSteps`.
 */
export type Schedule =
  | ({ kind: "constant" } & Ramps)
  | ({ kind: "cosine" } & Ramps)
  | ({ kind: "linear"; end?: number; power?: number } & Ramps)
  | ({ kind: "rsqrt"; timescale?: number; shift?: number } & Ramps)
  | ({ kind: "stairs"; stairs: readonly { fromStep: number; factor: number }[] } & Ramps);

/**
 * The factor on the learning rate at a step, a pure function of the step.
 *
 * Steps count from 0, so a warm-up begins with a step of size 0.
 *
 * @throws where the kind is unknown, a number is out of its range, stairs are not in order, or warm-up and cool-down do
 * not fit in the total
 *
 * Source: big_vision `utils.create_learning_rate_schedule`.
 */
export function scheduleAt(schedule: Schedule, step: number): number {
  const { totalSteps, warmupSteps = 0, cooldownSteps = 0 } = schedule;
  requireFit(totalSteps, warmupSteps, cooldownSteps);
  const rise = warmupSteps === 0 ? 1 : Math.min(1, step / warmupSteps);
  const fall = cooldownSteps === 0 ? 1 : Math.min(1, Math.max(0, totalSteps - step) / cooldownSteps);
  return decayAt(schedule, step, warmupSteps) * rise * fall;
}

function decayAt(schedule: Schedule, step: number, warmupSteps: number): number {
  const progress = Math.min(1, Math.max(0, (step - warmupSteps) / (schedule.totalSteps - warmupSteps)));
  switch (schedule.kind) {
    case "constant":
      return 1;
    case "cosine":
      return (1 + Math.cos(Math.PI * progress)) / 2;
    case "linear": {
      const { end = 0, power = 1 } = schedule;
      requireNumber("end", end, notNegative);
      requireNumber("power", power, positive);
      return end + (1 - end) * (1 - progress) ** power;
    }
    case "rsqrt": {
      const { timescale = 10_000, shift = 0 } = schedule;
      requireNumber("timescale", timescale, positive);
      requireNumber("shift", shift, notNegative);
      return 1 / Math.sqrt(1 + (Math.max(0, step - warmupSteps) + shift) / timescale);
    }
    case "stairs":
      requireStairs(schedule.stairs);
      return schedule.stairs.findLast(({ fromStep }) => fromStep <= step)?.factor ?? 1;
    default: {
      const { kind } = schedule as { kind: unknown };
      throw new Error(
        `scheduleAt(schedule): expected kind "constant", "cosine", "linear", "rsqrt" or "stairs", got ${JSON.stringify(kind)}. ` +
          "Choose one of them.",
      );
    }
  }
}

function requireFit(totalSteps: number, warmupSteps: number, cooldownSteps: number): void {
  if (warmupSteps >= 0 && cooldownSteps >= 0 && warmupSteps < totalSteps && cooldownSteps <= totalSteps) return;
  throw new Error(
    `scheduleAt(schedule): expected warmupSteps below and cooldownSteps within totalSteps ${totalSteps}, ` +
      `got ${warmupSteps} and ${cooldownSteps}. Shorten them or train longer.`,
  );
}

function requireNumber(name: string, value: number, { expected, holds }: typeof positive): void {
  if (holds(value)) return;
  throw new Error(`scheduleAt(schedule.${name}): expected ${expected}, got ${value}. Correct the schedule.`);
}

function requireStairs(stairs: readonly { fromStep: number; factor: number }[]): void {
  for (const [index, { fromStep, factor }] of stairs.entries()) {
    requireNumber(`stairs[${index}].factor`, factor, notNegative);
    const before = stairs[index - 1]?.fromStep ?? -Infinity;
    if (fromStep > before) continue;
    throw new Error(`scheduleAt(schedule.stairs[${index}].fromStep): expected a step above ${before}, where the stair before it begins, got ${fromStep}. Sort the stairs.`);
  }
}
