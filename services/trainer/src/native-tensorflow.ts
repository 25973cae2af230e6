import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';

/** A native TensorFlow.js that loads beside our tfjs-core. */
export interface NativeTensorflow {
  /** What `require` takes. */
  entry: string;
  /** What identifies its arithmetic. */
  identity: string;
}

/** The native TensorFlow.js, or why there is none, in words for a person. */
export type NativeSearch = { found: NativeTensorflow } | { missing: string };

/** What a native package says of itself once it is loaded. */
export interface NativeFacts {
  tensorflow: string;
  gpu: boolean;
}

/** What native-probe.ts prints. */
export type ProbeAnswer = { facts: NativeFacts } | { error: string };

const require = createRequire(import.meta.url);

/** The preferred first; a user installs one, or none. */
const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];
const probeTimeoutMs = 120_000;

/**
 * The first native package that loads. Each is tried in a process of its own, since a broken one can take its process
 * along.
 *
 * @param home a directory with the package in its node_modules; when left out it is looked for beside gan-train
 */
export async function findNativeTensorflow(home: string | undefined): Promise<NativeSearch> {
  const from = home === undefined ? require : createRequire(join(resolve(home), 'package.json'));
  const installed = packages.flatMap((name) => {
    const entry = entryOf(from, name);
    return entry === undefined ? [] : [{ name, entry }];
  });
  const problems: string[] = [];
  for (const { name, entry } of installed) {
    const answer = await probe(entry);
    if ('error' in answer) {
      problems.push(`${name} does not load: ${answer.error}`);
      continue;
    }
    const { tensorflow, gpu } = answer.facts;
    const { version } = from(`${name}/package.json`) as { version: string };
    return {
      found: { entry, identity: `tensorflow ${tensorflow} ${gpu ? 'gpu' : 'cpu'} tfjs-node ${version}` },
    };
  }
  if (problems.length > 0) return { missing: problems.join('; ') };
  const where = home === undefined ? 'beside gan-train' : `in ${home}`;
  return { missing: `${packages.join(' or ')} is needed, and none is installed ${where}` };
}

/**
 * Loads a native package into this process, where it becomes the backend `tensorflow`.
 * Throws when it doesn't load, or when its tfjs-core is not the one that our kernels and models use.
 *
 * @param threads for its operators; TensorFlow reads that once, when it is loaded
 */
export function requireNativeTensorflow(entry: string, threads: number): NativeFacts {
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS = '1';
  process.env.TF_DETERMINISTIC_OPS = '1';
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  // Node 23 removed a function that tfjs-node 4.22 calls for every tensor.
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  // Silences the cpu backend's banner, which the native package would bring along.
  tf.env().set('PROD', true);
  require(entry);
  if (tf.getBackend() !== 'tensorflow') {
    throw new Error(`it brings a copy of @tensorflow/tfjs-core of its own beside ours, ${tf.version_core}`);
  }
  const { binding } = tf.backend() as unknown as {
    binding: { TF_Version: string; isUsingGpuDevice(): boolean };
  };
  return { tensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice() };
}

async function probe(entry: string): Promise<ProbeAnswer> {
  const script = fileURLToPath(new URL('./native-probe.js', import.meta.url));
  return new Promise((settle) => {
    execFile(process.execPath, [script, entry], { timeout: probeTimeoutMs }, (error, stdout) => {
      // The last line: what a library prints while it loads comes before.
      const line = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (error === null) settle(JSON.parse(line) as ProbeAnswer);
      else settle({ error: `it ends its process (${error.signal ?? `exit code ${error.code}`})` });
    });
  });
}

function entryOf(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name);
  } catch {
    return undefined;
  }
}
