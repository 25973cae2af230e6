import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { flopsOfStep } from '@gan-train/gan/flops';
import { presets, type ModelOptions } from '@gan-train/gan/presets';
import type { LossRow } from '@gan-train/rpc';
import { GanTrainError, logLevelVariable } from '@gan-train/service';
import { startLocalCluster } from './local-cluster.js';
import { wholeNumber } from './numbers.js';
import { median, stepsFromLog, summaryOfProfiles, type StepLine } from './step-profiles.js';

/** Models as the peers of bench/ build them: no batch normalization. */
const models: Record<string, Pick<ModelOptions, 'preset' | 'size' | 'channels' | 'batchNorm'>> = {
  mnist: { preset: 'dcgan', size: 28, channels: 1, batchNorm: false },
  seed32: { preset: 'seed', size: 32, channels: 3, batchNorm: false },
  seed64: { preset: 'seed', size: 64, channels: 3, batchNorm: false },
};

/** Steps before the clock runs: graphs are compiled, items fetched. */
const warmUpSteps = 3;

/** The last lines of a log may come a moment after its process has ended. */
const logTimeoutMs = 5_000;
const logPauseMs = 20;

/**
 * `gan-train bench step`: a real local cluster on MNIST, one shard a trainer. Speed is the median of the steps' speeds; where the time goes,
 * the slowest trainer's medians: `trace` recording and planning graphs, `graph` computing them, `copy` moving gradients and summing
 * shards, `adam` the update, `reduce` waiting for the other trainers' sums, `other` the rest.
 */
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
  const run = join(out, 'run');
  process.env[logLevelVariable] = 'debug';
  try {
    const cluster = await startLocalCluster({ asked, out: run, trainers, withoutRestarts: true });
    signal.addEventListener('abort', () => cluster.kill(), { once: true });
    const rows: LossRow[] = [];
    const watch = async (): Promise<void> => {
      for await (const { row } of cluster.events()) if (row) rows.push(row);
    };
    await Promise.all([watch(), cluster.finished()]);
    const imagesPerSecond = median(rows.slice(warmUpSteps).map((row) => row.imagesPerSecond));
    const logs = Array.from({ length: trainers }, (_, i) => join(run, 'logs', `trainer-${i}.log`));
    const profiles = await Promise.all(logs.map(async (log) => loadSteps(log, warmUpSteps + steps)));
    const { slowest, ms, cpus } = summaryOfProfiles(profiles, warmUpSteps);
    const report = {
      model,
      batch,
      trainers,
      threads,
      steps,
      imagesPerSecond,
      gflopsPerSecond:
        (imagesPerSecond * flopsOfStep({ ...presets[options.preset].model, ...options })) / 1e9,
      ms: { ...ms, step: (1000 * batch * trainers) / imagesPerSecond },
      slowest,
      cpus,
    };
    process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : textOfReport(report));
    return 0;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function loadSteps(path: string, count: number): Promise<StepLine[]> {
  for (const startMs = performance.now(); ; await delay(logPauseMs)) {
    const steps = stepsFromLog(await readFile(path, 'utf8'));
    if (steps.length >= count) return steps;
    if (performance.now() - startMs > logTimeoutMs) {
      throw new GanTrainError('internal', `${path} has ${steps.length} of ${count} steps`);
    }
  }
}

function textOfReport(report: {
  model: string;
  batch: number;
  trainers: number;
  threads: number;
  steps: number;
  imagesPerSecond: number;
  gflopsPerSecond: number;
  ms: Record<string, number>;
  slowest: number;
  cpus: readonly number[];
}): string {
  const { step, ...parts } = report.ms;
  const { model, batch, trainers, threads, steps, imagesPerSecond, gflopsPerSecond, slowest, cpus } = report;
  const spent = Object.entries(parts).map(([part, ms]) => `${part} ${ms.toFixed(1)}`);
  return [
    `${model}, batch ${batch} x ${trainers} trainers x ${threads} threads: ${imagesPerSecond.toFixed(1)} images/s,`,
    ` ${gflopsPerSecond.toFixed(0)} GFLOP/s, ${(step ?? NaN).toFixed(1)} ms a step (median of ${steps})\n`,
    `ms of the slowest trainer (${slowest}): ${spent.join(', ')}\n`,
    `CPUs of each trainer: ${cpus.map((cpu) => cpu.toFixed(2)).join(', ')}\n`,
  ].join('');
}
