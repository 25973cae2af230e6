import { createMetrics, type GenerationId, type LossRow, type TlsIdentity } from '@gan-train/rpc';
import type { RunConfig } from '@gan-train/service';
import type { LossKind } from './membership/inputs-and-effects.js';

export type CoordinatorMetrics = ReturnType<typeof createCoordinatorMetrics>;

/** What the run wants. */
export type RunWishes = Pick<RunConfig, 'trainers' | 'steps' | 'checkpointSeconds'>;

const runStatuses = ['running', 'finished', 'stopped', 'failed'] as const;
export type RunStatus = (typeof runStatuses)[number];

// Counted from 0 on: no rate and no alert sees how a counter that was not there becomes 1.
const reasonsOfLoss: Record<LossKind, 0> = {
  session: 0,
  failed: 0,
  pod: 0,
  silence: 0,
  deadline: 0,
  partition: 0,
};
const reasonsNotStored = ['io', 'not_writable'];

/** The coordinator's metrics; one function a business event. */
export function createCoordinatorMetrics(wishes: RunWishes, version: string, tls?: TlsIdentity) {
  const { registry, gauge, laterGauge, counter, histogram } = createMetrics(tls);

  const status = gauge('run_status', '1 for what the run is, 0 for what it is not', ['status']);
  const runStatus = (is: RunStatus): void => {
    for (const other of runStatuses) status.set({ status: other }, other === is ? 1 : 0);
  };
  runStatus('running');
  const step = laterGauge('step', 'The last stored step');
  gauge('steps_wanted', 'The step that the run ends with').set(wishes.steps);
  const trainers = gauge('trainers', 'Trainers that are members or ready to be');
  const trainersWanted = gauge('trainers_wanted', 'Trainers that the run wants; 0 while it is paused');
  trainersWanted.set(wishes.trainers);
  const stalled = gauge('stalled_seconds', 'Since the last commit, while there is no progress; else 0');
  const mismatches = counter('state_mismatches_total', 'Times that replicas which should be equal were not');
  const term = laterGauge('term', "This coordinator's term");
  const generation = laterGauge('generation', 'Number of the generation in its term');
  const dLoss = laterGauge('d_loss', "The discriminator's loss of the last stored step");
  const gLoss = laterGauge('g_loss', "The generator's loss of the last stored step");
  const dOutput = gauge('d_output_mean', "The discriminator's mean output, 0 to 1", ['input']);
  const images = laterGauge(
    'images_per_second',
    'Training images a second over all trainers, last stored step',
  );
  const steps = counter('steps_total', 'Steps stored, by whether every update was applied', ['result']);
  for (const result of ['committed', 'skipped']) steps.inc({ result }, 0);
  const evictions = counter('evictions_total', 'Trainers that were lost, by reason', ['reason']);
  for (const reason of Object.keys(reasonsOfLoss)) evictions.inc({ reason }, 0);
  const items = counter('items_sent_total', 'Items sent to trainers');
  const failures = counter('checkpoint_failures_total', 'Files of the run that could not be stored', [
    'reason',
  ]);
  for (const reason of reasonsNotStored) failures.inc({ reason }, 0);
  gauge('checkpoint_interval_seconds', 'Seconds from one checkpoint to the next, as configured').set(
    wishes.checkpointSeconds,
  );
  const lastSuccess = laterGauge(
    'checkpoint_last_success_timestamp_seconds',
    'When the last checkpoint was stored',
  );
  const checkpointSeconds = histogram(
    'checkpoint_seconds',
    'Seconds to receive, write and read back a state',
    [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300],
    ['op'],
  );
  gauge('build_info', 'Constant 1; the labels say what runs', ['version', 'engine']).set(
    { version, engine: 'none' },
    1,
  );

  return {
    registry,
    runStatus,
    /** The run's directory is open, and its newest checkpoint was stored then. */
    runOpened(opened: { term: number; checkpointMs: number | undefined }): void {
      term.set(opened.term);
      if (opened.checkpointMs !== undefined) lastSuccess.set(opened.checkpointMs / 1000);
    },
    trainersWanted: (count: number) => trainersWanted.set(count),
    runStalled: (seconds: number) => stalled.set(seconds),
    stateMismatch: () => mismatches.inc(),
    trainersPresent: (count: number) => trainers.set(count),
    generationStarted(started: GenerationId): void {
      term.set(started.term);
      generation.set(started.n);
    },
    rowStored(row: LossRow): void {
      stalled.set(0);
      step.set(row.step);
      dLoss.set(row.dLoss);
      gLoss.set(row.gLoss);
      dOutput.set({ input: 'real' }, row.dReal);
      dOutput.set({ input: 'fake' }, row.dFake);
      images.set(row.imagesPerSecond);
      steps.inc({ result: row.skippedPhases === 0 ? 'committed' : 'skipped' });
    },
    trainerLost: (reason: LossKind) => evictions.inc({ reason }),
    itemsSent: (count: number) => items.inc(count),
    notStored: (reason: string) => failures.inc({ reason }),
    checkpointStored(op: 'checkpoint' | 'weights', seconds: number): void {
      checkpointSeconds.observe({ op }, seconds);
      if (op === 'checkpoint') lastSuccess.set(Date.now() / 1000);
    },
  };
}
