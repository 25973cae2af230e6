import { describe, expect, it } from 'vitest';
import { createCoordinatorMetrics, type CoordinatorMetrics } from './metrics.js';
import { tinyConfig } from './testing.js';

const create = (): CoordinatorMetrics =>
  createCoordinatorMetrics({ ...tinyConfig, trainers: 3, steps: 500, checkpointSeconds: 20 }, '1');

/** Lines of one metric, without its prefix. */
async function shown({ registry }: CoordinatorMetrics, name: string): Promise<string[]> {
  const lines = (await registry.getSingleMetricAsString(`gan_train_${name}`)).split('\n');
  return lines.filter((line) => !line.startsWith('#')).map((line) => line.replace('gan_train_', ''));
}

const row = {
  step: 7,
  epoch: 0,
  dLoss: 0.5,
  gLoss: 0.75,
  dReal: 0.625,
  dFake: 0.25,
  imagesPerSecond: 90,
  skippedPhases: 0,
};

describe("the coordinator's metrics", () => {
  it('show what the run wants', async () => {
    const metrics = create();
    expect(await shown(metrics, 'trainers_wanted')).toEqual(['trainers_wanted 3']);
    expect(await shown(metrics, 'steps_wanted')).toEqual(['steps_wanted 500']);
    expect(await shown(metrics, 'checkpoint_interval_seconds')).toEqual(['checkpoint_interval_seconds 20']);
  });

  it('show one status at a time, at first that the run goes on', async () => {
    const metrics = create();
    expect(await shown(metrics, 'run_status')).toContain('run_status{status="running"} 1');
    metrics.runStatus('failed');
    expect(await shown(metrics, 'run_status')).toEqual([
      'run_status{status="running"} 0',
      'run_status{status="finished"} 0',
      'run_status{status="stopped"} 0',
      'run_status{status="failed"} 1',
    ]);
  });

  it('have no step, loss, speed, generation or checkpoint before there is one', async () => {
    const metrics = create();
    const names = [
      'step',
      'd_loss',
      'g_loss',
      'images_per_second',
      'term',
      'generation',
      'checkpoint_last_success_timestamp_seconds',
    ];
    for (const name of names) expect(await shown(metrics, name), name).toEqual([]);
    metrics.generationStarted({ term: 2, n: 3 });
    metrics.rowStored(row);
    metrics.checkpointStored('checkpoint', 1);
    for (const name of names) expect(await shown(metrics, name), name).toHaveLength(1);
    expect(await shown(metrics, 'step')).toEqual(['step 7']);
    expect(await shown(metrics, 'd_output_mean')).toEqual([
      'd_output_mean{input="real"} 0.625',
      'd_output_mean{input="fake"} 0.25',
    ]);
  });

  it('know the term, and the checkpoint that a run goes on from, before it has made a step', async () => {
    const [fresh, continued] = [create(), create()];
    fresh.runOpened({ term: 1, checkpointMs: undefined });
    continued.runOpened({ term: 2, checkpointMs: 1_500 });
    const name = 'checkpoint_last_success_timestamp_seconds';
    expect(await shown(fresh, 'term')).toEqual(['term 1']);
    expect(await shown(fresh, name)).toEqual([]);
    expect(await shown(continued, 'term')).toEqual(['term 2']);
    expect(await shown(continued, name)).toEqual([`${name} 1.5`]);
  });

  it('count from 0 on what an alert asks for', async () => {
    const metrics = create();
    metrics.trainerLost('silence');
    metrics.rowStored({ ...row, skippedPhases: 1 });
    expect(await shown(metrics, 'evictions_total')).toEqual(
      ['session', 'failed', 'pod', 'silence', 'deadline', 'partition'].map(
        (reason) => `evictions_total{reason="${reason}"} ${reason === 'silence' ? 1 : 0}`,
      ),
    );
    expect(await shown(metrics, 'steps_total')).toEqual([
      'steps_total{result="committed"} 0',
      'steps_total{result="skipped"} 1',
    ]);
    expect(await shown(metrics, 'checkpoint_failures_total')).toHaveLength(2);
  });
});
