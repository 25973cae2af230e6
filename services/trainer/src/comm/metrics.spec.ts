import { describe, expect, it } from 'vitest';
import type { PhaseReport } from '../comm-calls.js';
import { createTrainerMetrics, type TrainerMetrics } from './metrics.js';

/** Lines of one metric, without its prefix. */
async function shown({ registry }: TrainerMetrics, name: string): Promise<string[]> {
  const lines = (await registry.getSingleMetricAsString(`gan_train_${name}`)).split('\n');
  return lines.filter((line) => !line.startsWith('#')).map((line) => line.replace('gan_train_', ''));
}

const report = (phase: number, committed = true): PhaseReport => ({
  step: 1,
  phase,
  committed,
  seconds: { data: 0.5, compute: 2, wait: 1, update: 0.25 },
  scalars: phase === 0 ? { loss: 0.5, real: 0.75, fake: 0.25 } : { loss: 1.5 },
  gradientNorm: 3,
  items: phase === 0 ? 4 : 0,
  tensors: 12,
});

describe("a trainer's metrics", () => {
  it('have no loss, generation or tensors before there are any', async () => {
    const metrics = createTrainerMetrics();
    for (const name of ['d_loss', 'g_loss', 'tensors', 'term', 'generation'])
      expect(await shown(metrics, name)).toEqual([]);
    metrics.phaseDone(report(0));
    expect(await shown(metrics, 'd_loss')).toEqual(['d_loss 0.5']);
    expect(await shown(metrics, 'g_loss')).toEqual([]);
  });

  it('count a step once, as skipped when one of its phases was', async () => {
    const metrics = createTrainerMetrics();
    for (const committed of [true, false])
      for (const phase of [0, 1]) metrics.phaseDone(report(phase, committed || phase === 1));
    expect(await shown(metrics, 'steps_total')).toEqual([
      'steps_total{result="committed"} 1',
      'steps_total{result="skipped"} 1',
    ]);
    expect(await shown(metrics, 'nonfinite_phases_total')).toEqual([
      'nonfinite_phases_total{network="discriminator"} 1',
      'nonfinite_phases_total{network="generator"} 0',
    ]);
    const seconds = await shown(metrics, 'step_seconds');
    expect(seconds).toContain('step_seconds_count{part="wait"} 4');
    expect(seconds).toContain('step_seconds_sum{part="compute"} 8');
  });

  it('say whether it is connected to the coordinator', async () => {
    const metrics = createTrainerMetrics();
    expect(await shown(metrics, 'coordinator_connected')).toEqual(['coordinator_connected 0']);
    metrics.coordinatorPresent(true);
    expect(await shown(metrics, 'coordinator_connected')).toEqual(['coordinator_connected 1']);
  });
});
