export { decideRun } from './decide-run.js';
export {
  createRunCore,
  type Effect,
  type Input,
  type Note,
  type ProgressInput,
  type RunCore,
  type RunStart,
} from './run-core.js';
export {
  completeStep,
  isFurther,
  isSameGeneration,
  isSameTriple,
  type End,
  type GenerationId,
  type MemberView,
  type Position,
  type RunOptions,
  type RunView,
  type TrainerView,
} from './view.js';
