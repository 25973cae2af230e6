import { createMetrics, type GenerationId, type TlsIdentity } from '@gan-train/rpc';
import type { PhaseReport } from '../comm-calls.js';

const networkOfPhase = ['discriminator', 'generator'] as const;

export type TrainerMetrics = ReturnType<typeof createTrainerMetrics>;

/** A trainer's metrics; one function a business event. */
export function createTrainerMetrics(tls?: TlsIdentity) {
  const { registry, gauge, laterGauge, counter, histogram } = createMetrics(tls);

  const dLoss = laterGauge('d_loss', "The discriminator's loss of the last step");
  const gLoss = laterGauge('g_loss', "The generator's loss of the last step");
  const dOutput = gauge('d_output_mean', "The discriminator's mean output, 0 to 1", ['input']);
  const gradNorm = gauge('grad_norm', 'Euclidean norm of the mean gradient', ['network']);
  const steps = counter('steps_total', 'Steps finished, by whether every update was applied', ['result']);
  const items = counter('items_total', 'Training items that this trainer computed gradients of');
  const nonfinite = counter('nonfinite_phases_total', 'Phases skipped for a gradient that is not finite', [
    'network',
  ]);
  const allReduceBytes = counter('allreduce_bytes_total', 'Gradient bytes moved between trainers', [
    'direction',
  ]);
  // Counted from 0 on: no rate and no alert sees how a counter that was not there becomes 1.
  for (const result of ['committed', 'skipped']) steps.inc({ result }, 0);
  for (const network of networkOfPhase) nonfinite.inc({ network }, 0);
  for (const direction of ['received', 'sent']) allReduceBytes.inc({ direction }, 0);
  const generation = laterGauge('generation', 'Number of the generation in its term');
  const term = laterGauge('term', "The coordinator's term");
  const connected = gauge('coordinator_connected', '1 while connected to the coordinator');
  const healBytes = counter('heal_bytes_total', 'Bytes of states that were taken over from others');
  const healSeconds = histogram(
    'heal_seconds',
    'Seconds to take a state over',
    [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
  );
  const tensors = laterGauge('tensors', 'Tensors alive in the engine');
  const build = gauge('build_info', 'Constant 1; the labels say what runs', ['version', 'engine']);
  const stepSeconds = histogram(
    'step_seconds',
    'Seconds of a phase, by what they went into; a step has two phases',
    [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
    ['part'],
  );
  let skipped = false;

  return {
    registry,
    phaseDone(report: PhaseReport): void {
      const network = networkOfPhase[report.phase] ?? 'generator';
      for (const [part, seconds] of Object.entries(report.seconds)) stepSeconds.observe({ part }, seconds);
      (network === 'discriminator' ? dLoss : gLoss).set(report.scalars.loss ?? NaN);
      if (report.scalars.real !== undefined) dOutput.set({ input: 'real' }, report.scalars.real);
      if (report.scalars.fake !== undefined) dOutput.set({ input: 'fake' }, report.scalars.fake);
      gradNorm.set({ network }, report.gradientNorm);
      items.inc(report.items);
      tensors.set(report.tensors);
      skipped ||= !report.committed;
      if (!report.committed) nonfinite.inc({ network });
      if (report.phase === networkOfPhase.length - 1) {
        steps.inc({ result: skipped ? 'skipped' : 'committed' });
        skipped = false;
      }
    },
    bytesMoved: (direction: 'received' | 'sent', bytes: number) => allReduceBytes.inc({ direction }, bytes),
    generationStarted(started: GenerationId): void {
      term.set(started.term);
      generation.set(started.n);
    },
    coordinatorPresent: (present: boolean) => connected.set(present ? 1 : 0),
    healed: (bytes: number, seconds: number): void => {
      healBytes.inc(bytes);
      healSeconds.observe(seconds);
    },
    engineResolved: (version: string, engine: string) => build.set({ version, engine }, 1),
  };
}
