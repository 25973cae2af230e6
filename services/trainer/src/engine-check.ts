import { GanTrainError } from '@gan-train/service';
import { engineSettingsFrom, type EngineName, type EngineSettings } from './engine-settings.js';
import {
  findNativeTensorflow,
  probeOnnxCuda,
  type NativeSearch,
  type NativeTensorflow,
  type ProbeAnswer,
} from './native-search.js';

/**
 * Throws what would keep a trainer of this machine from an engine: better said before there is a run. What the environment
 * names must be usable whatever is asked for, so that no run silently begins with something else.
 */
export async function checkEngine(asked: EngineName | 'auto'): Promise<void> {
  if (asked === 'tensorflow' || mustHaveTensorflow()) await requireTensorflow();
  await requireOnnxProvider();
}

/**
 * The native TensorFlow.js of this machine; it is not loaded into this process. Throws `engine_missing`, with how to get one,
 * or `bad_config` when GAN_TRAIN_TFJS_NODE names nothing that is to be used.
 */
export async function requireTensorflow(): Promise<NativeTensorflow> {
  const native = await searchNative();
  if ('found' in native) return native.found;
  throw withoutTensorflow(native.missing, settings());
}

/** As `requireTensorflow`, but undefined when there is none and the environment asks for none. */
export async function findTensorflow(): Promise<NativeTensorflow | undefined> {
  const native = await searchNative();
  return 'missing' in native && !mustHaveTensorflow() ? undefined : requireTensorflow();
}

/** What computes for engine onnx here. Throws `bad_config` when it is CUDA by the environment, and does not load. */
export async function requireOnnxProvider(): Promise<EngineSettings['onnxProvider']> {
  const { onnxProvider } = settings();
  if (onnxProvider === 'cuda') {
    const answer = await tryOnnxCuda();
    if ('error' in answer) throw withoutOnnxCuda(answer.error);
  }
  return onnxProvider;
}

export function withoutTensorflow(
  missing: string,
  { named, gpuRequired }: Pick<EngineSettings, 'named' | 'gpuRequired'>,
): GanTrainError {
  if (gpuRequired) {
    const todo =
      "use a machine with a GPU, its driver and TensorFlow's CUDA libraries, or unset the variable";
    return new GanTrainError('bad_config', `GAN_TRAIN_GPU=required: ${missing}`, todo);
  }
  return named === undefined
    ? new GanTrainError(
        'engine_missing',
        `engine tensorflow: ${missing}`,
        'make one with gan-train engine add tensorflow, or use --engine onnx',
      )
    : new GanTrainError(
        'bad_config',
        `GAN_TRAIN_TFJS_NODE=${named}: ${missing}`,
        'name a folder with a tfjs-node that loads in its node_modules, or unset the variable',
      );
}

export const withoutOnnxCuda = (why: string): GanTrainError =>
  new GanTrainError(
    'bad_config',
    `GAN_TRAIN_ONNX_PROVIDER=cuda: ONNX Runtime's CUDA provider does not load: ${why}`,
    'install it (README, Engines), or unset the variable',
  );

/** The environment leaves no other choice. */
const mustHaveTensorflow = (): boolean => settings().named !== undefined || settings().gpuRequired;
const settings = (): EngineSettings => engineSettingsFrom(process.env);

let nativeSearch: Promise<NativeSearch> | undefined;
let onnxCuda: Promise<ProbeAnswer<null>> | undefined;

/** Each once a process: it starts another one to find out. */
const searchNative = (): Promise<NativeSearch> => (nativeSearch ??= findNativeTensorflow(settings()));
const tryOnnxCuda = (): Promise<ProbeAnswer<null>> => (onnxCuda ??= probeOnnxCuda());
