import { existsSync } from 'node:fs';
import { withoutOnnxCuda, withoutTensorflow } from './engine-check.js';
import { cpuEngine, onnxCudaLibrary, onnxEngine } from './engine-identity.js';
import type { EngineName, EngineSettings } from './engine-settings.js';
import {
  identityFrom,
  nativeCandidates,
  probeNative,
  probeOnnxCuda,
  type NativeCandidate,
} from './native-search.js';

/** An engine of this machine, and whether it loads. */
export interface EngineStatus {
  name: EngineName;
  source: 'built in' | NativeCandidate['source'];
  loads: boolean;
  /** Why not. */
  reason?: string;
  /** What identifies its arithmetic, when it loads. */
  identity?: string;
  /** The folder that has it, when it was installed. */
  path?: string;
  /** Version of the TensorFlow libraries, where that is known. */
  tensorflow?: string;
  /** Made with NVIDIA's libraries beside it. */
  cuda?: boolean;
  /** A GPU computes. */
  gpu?: boolean;
}

/** ONNX Runtime's CUDA provider; used when GAN_TRAIN_ONNX_PROVIDER says so. */
export interface CudaProviderStatus {
  installed: boolean;
  chosen: boolean;
  loads: boolean;
  reason?: string;
}

/** What `auto` takes, and why. Null when what the environment names is unusable. */
export interface AutoDecision {
  engine: EngineName | null;
  reason: string;
}

export interface EngineReport {
  /** The preferred first. */
  engines: EngineStatus[];
  onnxCudaProvider: CudaProviderStatus;
  auto: AutoDecision;
}

/** Tries everything that is installed, each in a process of its own. */
export async function loadEngineReport(settings: EngineSettings): Promise<EngineReport> {
  const native: EngineStatus[] = [];
  for (const candidate of nativeCandidates(settings)) native.push(await statusOf(candidate));
  const onnxCudaProvider = await cudaProviderStatus(settings);
  const { onnxProvider } = settings;
  const engines: EngineStatus[] = [
    ...native,
    onnxProvider === 'cuda' && !onnxCudaProvider.loads
      ? {
          name: 'onnx',
          source: 'built in',
          loads: false,
          reason: withoutOnnxCuda(onnxCudaProvider.reason ?? '').what,
        }
      : { ...(await onnxEngine(onnxProvider)), source: 'built in', loads: true },
    { ...cpuEngine(), source: 'built in', loads: true },
  ];
  return { engines, onnxCudaProvider, auto: decideAuto(engines, settings) };
}

/** What `auto` takes: the first that loads, unless the environment names something that doesn't. */
export function decideAuto(
  engines: readonly EngineStatus[],
  settings: Pick<EngineSettings, 'named' | 'onnxProvider' | 'gpuRequired'>,
): AutoDecision {
  const { named, onnxProvider, gpuRequired } = settings;
  const natives = engines.filter(({ name }) => name === 'tensorflow');
  const isUsable = ({ name, loads, gpu }: EngineStatus): boolean =>
    loads && (name !== 'tensorflow' || gpu === true || !gpuRequired);
  if ((named !== undefined || gpuRequired) && !natives.some(isUsable)) {
    const problems = natives.map(({ loads, reason }) =>
      loads ? 'it finds no GPU' : `it does not load: ${reason}`,
    );
    const none =
      named === undefined ? 'no native TensorFlow is installed' : 'there is no tfjs-node in its node_modules';
    return { engine: null, reason: withoutTensorflow(problems.join('; ') || none, settings).what };
  }
  const onnx = engines.find(({ name }) => name === 'onnx');
  if (onnxProvider === 'cuda' && onnx?.loads === false) return { engine: null, reason: onnx.reason ?? '' };
  const first = engines.find(isUsable);
  if (first === undefined) return { engine: null, reason: 'nothing loads' };
  const native = natives.length === 0 ? 'no native TensorFlow is installed' : 'no native TensorFlow loads';
  const reason =
    first.name === 'tensorflow' ? 'it is the first that loads' : `${native}, and it is the next that loads`;
  return { engine: first.name, reason };
}

async function statusOf(candidate: NativeCandidate): Promise<EngineStatus> {
  const { source, home, record } = candidate;
  const answer = await probeNative(candidate.entry);
  const known = {
    name: 'tensorflow' as const,
    source,
    path: home,
    ...(record && { tensorflow: record.tensorflow, cuda: record.cuda }),
  };
  return 'error' in answer
    ? { ...known, loads: false, reason: answer.error }
    : { ...known, ...answer.facts, loads: true, identity: identityFrom(candidate, answer.facts) };
}

async function cudaProviderStatus({ onnxProvider }: EngineSettings): Promise<CudaProviderStatus> {
  const chosen = onnxProvider === 'cuda';
  const library = onnxCudaLibrary();
  if (!existsSync(library))
    return { installed: false, chosen, loads: false, reason: `there is no ${library}` };
  const answer = await probeOnnxCuda();
  return 'error' in answer
    ? { installed: true, chosen, loads: false, reason: answer.error }
    : { installed: true, chosen, loads: true };
}
