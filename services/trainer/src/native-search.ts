import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadUserEngines, type EngineRecord } from './engine-record.js';
import type { EngineSettings } from './engine-settings.js';

/** A native TensorFlow.js that is installed; whether it loads is another question. */
export interface NativeCandidate {
  source: 'GAN_TRAIN_TFJS_NODE' | 'npm' | 'engine add';
  package: string;
  /** Of the package. */
  version: string;
  /** The package's folder, which `require` takes. */
  entry: string;
  /** The folder that has it in its node_modules. */
  home: string;
  /** What `engine add` made it of. */
  record?: EngineRecord;
}

/** What a native package says of itself once it is loaded. */
export interface NativeFacts {
  tensorflow: string;
  gpu: boolean;
}

/** What native-probe.ts prints. */
export type ProbeAnswer<Facts> = { facts: Facts } | { error: string };

/** A native TensorFlow.js that loads and computes beside our tfjs-core. */
export interface NativeTensorflow {
  candidate: NativeCandidate;
  facts: NativeFacts;
  /** What identifies its arithmetic. */
  identity: string;
}

/** The native TensorFlow.js, or why there is none, in words for a person. */
export type NativeSearch = { found: NativeTensorflow } | { missing: string };

/** The preferred first; a user installs one, or none. */
const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];
const probeTimeoutMs = 120_000;
const require = createRequire(import.meta.url);

/**
 * All that are installed where it is looked for, the preferred first: the folder named, or npm's, then the user's own.
 *
 * @param nodeModules where npm may have put one beside gan-train, the nearest first
 */
export function nativeCandidates(
  { named, enginesFolder }: Pick<EngineSettings, 'named' | 'enginesFolder'>,
  nodeModules = require.resolve.paths('@tensorflow/tfjs-node') ?? [],
): NativeCandidate[] {
  if (named !== undefined) return candidatesIn(named, 'GAN_TRAIN_TFJS_NODE');
  const besideUs = nodeModules
    .filter((folder) => basename(folder) === 'node_modules')
    .flatMap((folder) => candidatesIn(dirname(folder), 'npm'));
  const added = loadUserEngines(enginesFolder).flatMap(({ path, record }) =>
    candidatesIn(path, 'engine add').map((candidate) => ({ ...candidate, record })),
  );
  return [...besideUs, ...added];
}

function candidatesIn(home: string, source: NativeCandidate['source']): NativeCandidate[] {
  return packages.flatMap((name) => {
    const entry = join(home, 'node_modules', name);
    const file = join(entry, 'package.json');
    if (!existsSync(file)) return [];
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    return [{ source, package: name, version, entry, home }];
  });
}

/** The first native package that loads. */
export async function findNativeTensorflow(settings: EngineSettings): Promise<NativeSearch> {
  const problems: string[] = [];
  for (const candidate of nativeCandidates(settings)) {
    const answer = await probeNative(candidate.entry);
    const problem = problemOf(answer, settings);
    if ('facts' in answer && problem === undefined)
      return { found: { candidate, ...answer, identity: identityFrom(candidate, answer.facts) } };
    problems.push(`${candidate.package} in ${candidate.home} ${problem}`);
  }
  if (problems.length > 0) return { missing: problems.join('; ') };
  const where =
    settings.named === undefined
      ? 'none is installed'
      : `there is none in ${join(settings.named, 'node_modules')}`;
  return { missing: `${packages.join(' or ')} is needed, and ${where}` };
}

/** Why a native package is not to be used; undefined when it is. */
export function problemOf(
  answer: ProbeAnswer<NativeFacts>,
  { gpuRequired }: Pick<EngineSettings, 'gpuRequired'>,
): string | undefined {
  if ('error' in answer) return `does not load: ${answer.error}`;
  return gpuRequired && !answer.facts.gpu ? 'finds no GPU' : undefined;
}

export const identityFrom = ({ version }: NativeCandidate, { tensorflow, gpu }: NativeFacts): string =>
  `tensorflow ${tensorflow} ${gpu ? 'gpu' : 'cpu'} tfjs-node ${version}`;

/** Loads a native package, and computes with it, in a process of its own: a broken one can take its process along. */
export async function probeNative(entry: string): Promise<ProbeAnswer<NativeFacts>> {
  return probe(['tensorflow', entry]);
}

/** Computes with ONNX Runtime's CUDA provider in a process of its own. */
export async function probeOnnxCuda(): Promise<ProbeAnswer<null>> {
  return probe(['onnx-cuda']);
}

async function probe<Facts>(args: readonly string[]): Promise<ProbeAnswer<Facts>> {
  const script = fileURLToPath(new URL('./native-probe.js', import.meta.url));
  return new Promise((settle) => {
    execFile(process.execPath, [script, ...args], { timeout: probeTimeoutMs }, (error, stdout, stderr) => {
      // The last line: what a library prints while it loads comes before.
      const line = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (error === null) settle(withDetail(JSON.parse(line) as ProbeAnswer<Facts>, stderr));
      else settle({ error: `it ends its process (${error.signal ?? `exit code ${error.code}`})` });
    });
  });
}

/** ONNX Runtime throws that a library doesn't load, and prints which one and why. */
function withDetail<Facts>(answer: ProbeAnswer<Facts>, stderr: string): ProbeAnswer<Facts> {
  const detail = /with error: ([^\n]+)/.exec(stderr)?.[1];
  return 'error' in answer && detail !== undefined ? { error: `${answer.error}: ${detail}` } : answer;
}
