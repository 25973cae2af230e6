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
  isFurther,
  type End,
  type MemberView,
  type RunOptions,
  type RunView,
  type TrainerView,
} from './view.js';
