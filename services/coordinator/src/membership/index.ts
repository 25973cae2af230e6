export { decideRun } from './decide-run.js';
export type { Effect, Input, LossKind, Note, ProgressInput } from './inputs-and-effects.js';
export { createRunCore, type RunCore, type RunStart } from './run-core.js';
export {
  isFurther,
  type End,
  type MemberView,
  type RunOptions,
  type RunView,
  type TrainerView,
} from './view.js';
