import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { showEndOfCertificate, type GenerationId, type LossRow, type TlsIdentity } from '@gan-train/rpc';
import type { LossKind } from './membership/run-core.js';

export type CoordinatorMetrics = ReturnType<typeof createCoordinatorMetrics>;

/** The coordinator's metrics; one function a business event. */
export function createCoordinatorMetrics(wanted: number, version: string, tls?: TlsIdentity) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'gan_train_' });
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `gan_train_${name}`, help, labelNames, registers });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `gan_train_${name}`, help, labelNames, registers });

  const trainers = gauge('trainers', 'Trainers that are members or ready to be');
  const trainersWanted = gauge('trainers_wanted', 'Trainers that the run wants');
  trainersWanted.set(wanted);
  const stalled = gauge('stalled_seconds', 'Since the last commit, when nothing gets on; else 0');
  const mismatches = counter('state_mismatches_total', 'Times that replicas which should be equal were not');
  const term = gauge('term', "This coordinator's term");
  const generation = gauge('generation', 'Number of the generation in its term');
  const dLoss = gauge('d_loss', "The discriminator's loss of the last stored step");
  const gLoss = gauge('g_loss', "The generator's loss of the last stored step");
  const dOutput = gauge('d_output_mean', "The discriminator's mean output, 0 to 1", ['input']);
  const images = gauge('images_per_second', 'Training images a second over all trainers, last stored step');
  const steps = counter('steps_total', 'Steps stored, by whether every update was applied', ['result']);
  const evictions = counter('evictions_total', 'Trainers that were lost, by reason', ['reason']);
  const items = counter('items_total', 'Items sent to trainers');
  const failures = counter('checkpoint_failures_total', 'Files of the run that could not be stored', [
    'reason',
  ]);
  const lastSuccess = gauge(
    'checkpoint_last_success_timestamp_seconds',
    'When the last checkpoint was stored',
  );
  const checkpointSeconds = new Histogram({
    name: 'gan_train_checkpoint_seconds',
    help: 'Seconds to receive, write and read back a state',
    labelNames: ['op'],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300],
    registers,
  });
  showEndOfCertificate(registry, tls);
  gauge('build_info', 'Constant 1; the labels say what runs', ['version', 'engine']).set(
    { version, engine: 'none' },
    1,
  );

  return {
    registry,
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
