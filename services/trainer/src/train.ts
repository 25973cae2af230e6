import type { Position } from '@gan-train/rpc';
import { assignWeights } from '@gan-train/gan';
import { GanTrainError } from '@gan-train/service';
import type { GenerationOrder } from './comm-calls.js';
import { heal } from './heal.js';
import { phases, runPhase } from './phase.js';
import { stepMessage } from './profile.js';
import { emptyRow, nothingAgreed } from './state.js';
import { store } from './store.js';
import { tell, type Training } from './training.js';

/**
 * Trains in one generation until its last step, until the members agree to stop or to pause, or until the generation is closed.
 */
export async function trainGeneration(training: Training, order: GenerationOrder): Promise<void> {
  try {
    await trainUntilOver(training, order);
  } catch (thrown) {
    // The generation was closed: what follows is the coordinator's to say.
    const error = GanTrainError.from(thrown);
    if (error.code !== 'cancelled') throw error;
    // Nothing is computed until the next one, however far this one was.
    training.control.report({ ...training.state.triple.position, activity: 'IDLE', shardsDone: 0 });
  }
}

async function trainUntilOver(training: Training, order: GenerationOrder): Promise<void> {
  const { comm, config, control, gan, state } = training;
  const { serial, generation, rank } = order;
  const place = { serial, generation, rank };
  // A step's items are asked for while the step before is still being computed, or the state is on its way.
  const ahead = createAhead(async (step) => comm.call('items', { serial, step }));
  const first = order.state.position.step + 1;
  if (first <= order.steps) ahead.ask(first);
  await heal(training, order);
  state.agreed = nothingAgreed();
  for (const { network } of phases) assignWeights(gan, network, state.networks[network].weights);
  let stepStartMs = performance.now();
  for (;;) {
    const { step, phase } = nextPosition(state.triple.position);
    if (phase === 0 && isOver(training, order, step)) break;
    const items = phase === 0 ? ahead.take(step) : undefined;
    if (phase === 0 && step < order.steps) ahead.ask(step + 1);
    const speed = (): number => (1000 * config.batch) / (performance.now() - stepStartMs);
    await runPhase(training, order, { step, phase }, items, speed);

    if (phase === 1) {
      const nowMs = performance.now();
      logProfile(training, step, nowMs - stepStartMs);
      stepStartMs = nowMs;
      tell(training, 'rowDone', undefined);
      state.row = emptyRow(step + 1);
      if (isOver(training, order, step + 1)) break;
      await store(training, { step, last: false, checkpoint: state.agreed.checkpoint, ...place });
      state.agreed.checkpoint = false;
    }
    if (state.agreed.pause) {
      await comm.call('halted', { serial });
      return;
    }
  }
  control.report({ ...state.triple.position, activity: 'WAITING_PEER', shardsDone: 0 });
  if (!(await storeLast(training, order))) return;
  const skippedInRow = state.skippedInRow >= config.maxSkipped ? state.skippedInRow : 0;
  await comm.call('drained', { serial, skippedInRow });
}

/** Phases follow one another d, g, d, g. */
const nextPosition = ({ step, phase }: Position): Position =>
  phase === 0 ? { step, phase: 1 } : { step: step + 1, phase: 0 };

/** Whether the run ends before this step. */
const isOver = ({ config, state }: Training, order: GenerationOrder, step: number): boolean =>
  step > order.steps || state.agreed.stop || state.skippedInRow >= config.maxSkipped;

/** What the last step leaves behind. False when the generation ended before it was stored: then the next one does it. */
async function storeLast(
  training: Training,
  { serial, generation, rank }: GenerationOrder,
): Promise<boolean> {
  const { comm, state } = training;
  try {
    const { step } = state.triple.position;
    await store(training, { step, last: true, checkpoint: true, serial, rank, generation });
    return true;
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (error.code !== 'fenced' && error.code !== 'cancelled')
      training.log.error({ err: error }, 'not stored');
    await comm.call('halted', { serial });
    return false;
  }
}

/** What steps need, asked for ahead of time. */
function createAhead<T>(load: (step: number) => Promise<T>) {
  let asked: { step: number; result: Promise<T> } | undefined;
  const ask = (step: number): Promise<T> => {
    const result = load(step);
    // It counts once it is taken.
    result.catch(() => undefined);
    asked = { step, result };
    return result;
  };
  return {
    ask: (step: number): void => void ask(step),
    take: async (step: number): Promise<T> => (asked?.step === step ? asked.result : ask(step)),
  };
}

/** For `gan-train bench step`, and for whoever looks for lost time. */
function logProfile({ log, profile }: Training, step: number, stepMs: number): void {
  const ms = profile.end(stepMs);
  if (!log.isLevelEnabled('debug')) return;
  const { user, system } = process.cpuUsage();
  log.debug({ step, ms, cpuSeconds: (user + system) / 1e6 }, stepMessage);
}
