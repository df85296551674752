import { mean } from "../panel.ts";
import type { Lookup, Rule } from "../rules.ts";
import type { Config } from "./config.ts";

/** What the paper's ablations of distillation show, as bounds on means over the patch sizes. */
export function rulesOf({ patchSizes, teacher: { patchSize } }: Config): Rule[] {
  const over = (at: Lookup, line: string, panel = 0): number => mean(patchSizes.map((size) => at(line, size, panel)));
  return [
    {
      claim: "From the teacher's weights, the teacher's answers are no more than half a point worse than labels",
      points: (at) => over(at, "teacher, teacher's weights") - over(at, "labels, teacher's weights"),
      atLeast: -0.5,
    },
    {
      claim: "With the teacher's answers, its weights as a start are at least 1 point better than fresh ones",
      points: (at) => over(at, "teacher, teacher's weights") - over(at, "teacher, fresh"),
      atLeast: 1,
    },
    {
      claim: "Teacher's answers and weights are at least 1 point better than labels and fresh weights",
      points: (at) => over(at, "teacher, teacher's weights") - over(at, "labels, fresh"),
      atLeast: 1,
    },
    {
      claim: `At the teacher's own ${patchSize} px the student with both is within 2 points of the teacher`,
      points: (at) => at("teacher, teacher's weights", patchSize) - at("teacher", patchSize),
      atLeast: -2,
    },
    {
      claim: "The student with both agrees with the teacher at least 1 point more often than the one from labels and the same start",
      points: (at) => over(at, "teacher, teacher's weights", 1) - over(at, "labels, teacher's weights", 1),
      atLeast: 1,
    },
  ];
}
