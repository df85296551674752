import { depthTask } from "./depth.ts";
import { detectTask } from "./detect.ts";
import { segmentTask } from "./segment.ts";
import type { TaskDefinition } from "./task-definition.ts";
import type { HeadTask } from "./task-model.ts";

/** Every task by its name. */
export const tasks: { readonly [T in HeadTask]: TaskDefinition<T> } = { detect: detectTask, segment: segmentTask, depth: depthTask };
