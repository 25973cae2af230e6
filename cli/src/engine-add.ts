import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';
import {
  engineFolderName,
  engineSettingsFrom,
  loadEngineRecord,
  loadEngineReport,
  probeNative,
  tfjsVersion,
  type EngineRecord,
} from '@gan-train/trainer/engines';
import { makeDirectory } from './engine-directory.js';
import { createStepReporter } from './engine-progress.js';
import { makeTensorflow, requirePlatform } from './engine-tensorflow.js';
import { requireTools } from './engine-tools.js';
import { tensorflowFromFlag } from './engine-version.js';

export interface EngineAddFlags {
  version?: string;
  cuda?: boolean;
}

const interruptedExit = 130;
const terminatedExit = 143;
/** The most that was seen while one was made, and a tenth more. */
const neededBytes = { cpu: 1.2e9, cuda: 5e9 };

/** `gan-train engine add`: makes a native TensorFlow for this user. Returns the exit code. */
export async function engineAdd(name: string, flags: EngineAddFlags, signal: AbortSignal): Promise<number> {
  if (name !== 'tensorflow') {
    const what = `${name} is no engine that can be added`;
    throw new GanTrainError('bad_config', what, 'add tensorflow; onnx and cpu are there already');
  }
  const record: EngineRecord = {
    tensorflow: tensorflowFromFlag(flags.version),
    cuda: flags.cuda === true,
    tfjs: tfjsVersion(),
  };
  const settings = engineSettingsFrom(process.env);
  const place = join(settings.enginesFolder, engineFolderName(record));
  const title = `TensorFlow ${record.tensorflow} ${record.cuda ? 'with CUDA' : 'for CPUs'}`;
  if (await isThere(place, record)) {
    say(`${title} is there: ${place}`);
    return 0;
  }
  requirePlatform();
  requireTools();
  const startedMs = performance.now();
  say(`${title}: making it in ${place}`);
  try {
    await make(place, record, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write('stopped; nothing was left behind\n');
    return String(signal.reason).includes('SIGTERM') ? terminatedExit : interruptedExit;
  }
  const [megabytes, seconds] = [(await bytesIn(place)) / 1e6, (performance.now() - startedMs) / 1000];
  say(`done: ${megabytes.toFixed(0)} MB in ${seconds.toFixed(0)} s`);
  const { engines, auto } = await loadEngineReport(settings);
  const added = engines.find(({ path }) => path === place);
  const first = engines.find(({ loads }) => loads);
  if (record.cuda && added?.gpu === false) {
    say('TensorFlow finds no GPU on this machine, and computes on the CPU');
  }
  if (auto.engine === null) say(`auto: ${auto.reason}`);
  else if (first === added) say('--engine auto takes it from now on');
  else say(`--engine auto goes on to take ${first?.path ?? first?.name}: gan-train engine list says why`);
  return 0;
}

async function make(place: string, record: EngineRecord, signal: AbortSignal): Promise<void> {
  const reporter = createStepReporter(process.stderr);
  try {
    await makeDirectory(place, neededBytes[record.cuda ? 'cuda' : 'cpu'], async (made, scratch) => {
      await makeTensorflow({ record, made, scratch, signal, step: reporter.step });
      reporter.step('trying it');
      const answer = await probeNative(join(made, 'node_modules/@tensorflow/tfjs-node'));
      signal.throwIfAborted();
      if ('error' in answer) {
        const what = `TensorFlow ${record.tensorflow} was made, and does not load: ${answer.error}`;
        throw new GanTrainError('engine_missing', what, 'give another --version');
      }
    });
  } finally {
    reporter.close();
  }
}

/** The engine that is wanted was made before, and still loads. */
async function isThere(place: string, wanted: EngineRecord): Promise<boolean> {
  const record = loadEngineRecord(place);
  if (JSON.stringify(record) !== JSON.stringify(wanted)) return false;
  const answer = await probeNative(join(place, 'node_modules/@tensorflow/tfjs-node'));
  if ('error' in answer) say(`it is there and does not load, so it is made anew: ${answer.error}`);
  return 'facts' in answer;
}

async function bytesIn(folder: string): Promise<number> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
