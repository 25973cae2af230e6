import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LossRow } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { startLocalCluster } from './local-cluster.js';
import { wholeNumber } from './numbers.js';

/** Models as the peers of bench/ build them: no batch normalization. */
const models: Record<string, Record<string, unknown>> = {
  mnist: { preset: 'dcgan', size: 28, channels: 1, batchNorm: false },
  seed32: { preset: 'seed', size: 32, channels: 3, batchNorm: false },
  seed64: { preset: 'seed', size: 64, channels: 3, batchNorm: false },
};

/** Steps before the clock runs: graphs are compiled, items fetched. */
const warmUpSteps = 3;

/** `gan-train bench step`: a real local cluster on MNIST, one shard a trainer; the median of its steps. */
export async function benchStep(
  flags: Record<string, string | boolean>,
  signal: AbortSignal,
): Promise<number> {
  const model = String(flags.model);
  const options = models[model];
  if (options === undefined) {
    throw new GanTrainError(
      'bad_config',
      `--model must be one of ${Object.keys(models).join(', ')}, not ${model}`,
    );
  }
  const number = (name: string, most: number): number =>
    wholeNumber(`--${name}`, String(flags[name]), 1, most);
  const [batch, trainers, threads, steps] = [
    number('batch', 65_536),
    number('trainers', 64),
    number('threads', 256),
    number('steps', 100_000),
  ];
  const out = await mkdtemp(join(tmpdir(), 'gan-train-bench-'));
  const asked = {
    ...options,
    data: 'mnist',
    batch: batch * trainers,
    shards: trainers,
    trainers,
    threads,
    engine: flags.engine,
    steps: warmUpSteps + steps,
    sampleEvery: 0,
    weightsEvery: 0,
    checkpointSeconds: 1e9,
  };
  try {
    const cluster = await startLocalCluster({ asked, out: join(out, 'run'), trainers });
    signal.addEventListener('abort', () => cluster.kill(), { once: true });
    const rows: LossRow[] = [];
    const watch = async (): Promise<void> => {
      for await (const { row } of cluster.events()) if (row) rows.push(row);
    };
    await Promise.all([watch(), cluster.finished()]);
    const speeds = rows.slice(warmUpSteps).map((row) => row.imagesPerSecond);
    const imagesPerSecond = median(speeds);
    const report = {
      model,
      batch,
      trainers,
      threads,
      steps,
      imagesPerSecond,
      ms: { step: (1000 * batch * trainers) / imagesPerSecond },
    };
    process.stdout.write(
      flags.json === true
        ? `${JSON.stringify(report)}\n`
        : `${model}, batch ${batch} x ${trainers} trainers x ${threads} threads: ${imagesPerSecond.toFixed(1)} images/s, ${report.ms.step.toFixed(1)} ms a step (median of ${steps})\n`,
    );
    return 0;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
