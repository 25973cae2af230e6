import { continuedConfig, loadRunRecord, runExists } from '@gan-train/coordinator';
import type { Event__Output } from '@gan-train/rpc';
import { GanTrainError, resolveConfig, type RunConfig } from '@gan-train/service';
import { startLocalCluster, type LocalCluster } from './local-cluster.js';
import { createReporter, type Reporter } from './reporter.js';
import { newRunDirectory } from './run-name.js';

export interface TrainOptions {
  asked: Record<string, unknown>;
  out?: string | boolean;
  resume?: string | boolean;
  json?: string | boolean;
}

const interruptedExit = 130;
const terminatedExit = 143;

/** `gan-train train`: a local cluster and its progress. Returns the exit code; throws what failed. */
export async function train(options: TrainOptions, signal: AbortSignal): Promise<number> {
  const out = typeof options.out === 'string' ? options.out : undefined;
  const resume = options.resume === true;
  const { directory, trainers, reached } = await plan(options.asked, out, resume);
  const reporter = createReporter(options.json === true || !process.stdout.isTTY);
  if (reached !== undefined) {
    reporter.note(`nothing to do: the run at ${directory} stands at step ${reached}; give more --steps`);
    return 0;
  }
  const cluster = await startLocalCluster({
    asked: options.asked,
    out: directory,
    trainers,
    onNote: (note) => reporter.note(note),
  });
  const stop = stopOnSignal(cluster, reporter, signal);
  // A supervisor that dies by an exception takes its processes along.
  const leave = (): void => cluster.kill();
  process.once('exit', leave);
  try {
    await Promise.all([follow(cluster, reporter), cluster.finished()]);
  } finally {
    reporter.close();
    process.off('exit', leave);
  }
  reporter.over(cluster.directory);
  return stop.exitCode();
}

/** Checks everything that can be checked before a process starts or a file is made. */
async function plan(
  asked: Record<string, unknown>,
  out: string | undefined,
  resume: boolean,
): Promise<{ directory: string; trainers: number; reached?: number }> {
  if (out === undefined) {
    const config = resolveConfig(asked);
    if (resume)
      throw new GanTrainError('bad_config', '--resume needs the run to go on with', 'give --out DIR');
    await requireEngine(config);
    return { directory: await newRunDirectory(config.preset, config.data), trainers: config.trainers };
  }
  const exists = await runExists(out);
  if (exists && !resume) {
    throw new GanTrainError(
      'run_exists',
      `there is a run at ${out}`,
      'give --resume to go on with it, or another --out',
    );
  }
  if (!exists && resume)
    throw new GanTrainError('run_missing', `there is no run at ${out}`, 'leave --resume out to begin one');
  const config = exists ? await continuedConfig(out, asked) : resolveConfig(asked);
  await requireEngine(config);
  const step = exists ? (await loadRunRecord(out)).step : 0;
  const isReached = config.epochs === undefined && step >= config.steps;
  return { directory: out, trainers: config.trainers, ...(isReached && { reached: step }) };
}

/** The trainers of this machine load what this process would: better said before there is a run. */
async function requireEngine({ engine }: RunConfig): Promise<void> {
  const { checkEngine, tfjsVersion } = await import('@gan-train/trainer/engines');
  // Throws where an engine's packages aren't installed.
  tfjsVersion();
  await checkEngine(engine);
}

async function follow(cluster: LocalCluster, reporter: Reporter): Promise<void> {
  for await (const event of cluster.events()) report(event, reporter);
}

function report(event: Event__Output, reporter: Reporter): void {
  if (event.run) reporter.run(event.run);
  else if (event.row) reporter.row(event.row);
  else if (event.file) reporter.file(event.file);
  else if (event.generation) reporter.generation(event.generation);
  else if (event.note) reporter.note(event.note.message);
  else if (event.finished) reporter.finished(event.finished);
}

/** The first signal drains, the second ends at once. */
function stopOnSignal(
  cluster: LocalCluster,
  reporter: Reporter,
  signal: AbortSignal,
): { exitCode(): number } {
  let exitCode = 0;
  const drain = (): void => {
    exitCode = String(signal.reason).includes('SIGTERM') ? terminatedExit : interruptedExit;
    reporter.note('stopping after this step, with a checkpoint; a second Ctrl-C ends at once');
    cluster.drain('the user stopped the run').catch(() => cluster.kill());
    process.once('SIGINT', () => {
      cluster.kill();
      process.exit(interruptedExit);
    });
  };
  if (signal.aborted) drain();
  else signal.addEventListener('abort', drain, { once: true });
  return { exitCode: () => exitCode };
}
