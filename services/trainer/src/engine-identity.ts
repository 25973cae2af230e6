import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EngineName, EngineSettings } from './engine-settings.js';

/** An engine and what identifies its arithmetic: two that differ here may differ in the last bit of a sum. */
export interface Engine {
  name: EngineName;
  identity: string;
}

const require = createRequire(import.meta.url);
/** ONNX Runtime is a dependency of our backend, not of ours. */
const requireOfBackend = createRequire(require.resolve('@gan-train/tfjs-backend-onnx'));

export async function onnxEngine(provider: EngineSettings['onnxProvider']): Promise<Engine> {
  const { kernelRulesVersion } = await import('@gan-train/tfjs-backend-onnx');
  const runtime = versionIn(requireOfBackend, 'onnxruntime-node');
  const computes = provider === 'cuda' ? `${runtime} cuda` : runtime;
  const tfjs = tfjsVersion();
  return { name: 'onnx', identity: `onnxruntime ${computes} rules ${kernelRulesVersion} tfjs ${tfjs}` };
}

export function cpuEngine(): Engine {
  return { name: 'cpu', identity: `tfjs-backend-cpu ${versionIn(require, '@tensorflow/tfjs-backend-cpu')}` };
}

/** Version of the TensorFlow.js that a native package must be of. */
export const tfjsVersion = (): string => versionIn(require, '@tensorflow/tfjs-core');

/** Where ONNX Runtime looks for its CUDA provider, which npm's package comes without. */
export function onnxCudaLibrary(): string {
  const runtime = dirname(requireOfBackend.resolve('onnxruntime-node/package.json'));
  const platform = join(process.platform, process.arch);
  return join(runtime, 'bin/napi-v6', platform, 'libonnxruntime_providers_cuda.so');
}

const versionIn = (from: NodeJS.Require, name: string): string =>
  (from(`${name}/package.json`) as { version: string }).version;
