import { GanTrainError } from '@gan-train/service';
import { compareVersions } from '@gan-train/trainer/engines';

/** The newest whose CUDA 12 libraries, and every specification of tfjs-core, were tried. */
export const defaultTensorflow = '2.16.2';
/** The oldest whose wheel has the C++ library that the addon is linked with. */
const oldestTensorflow = '2.12.1';

/** The version of TensorFlow to make an engine of. Throws `bad_config` for one that can't be. */
export function tensorflowFromFlag(version = defaultTensorflow): string {
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    const what = `--version must be a version of TensorFlow, like ${defaultTensorflow}, not ${version}`;
    throw new GanTrainError('bad_config', what);
  }
  if (compareVersions(version, oldestTensorflow) < 0) {
    const what = `TensorFlow ${version} has no library that tfjs-node can be linked with`;
    throw new GanTrainError('bad_config', what, `give --version ${oldestTensorflow} or newer`);
  }
  return version;
}

/**
 * NVIDIA's wheels that a TensorFlow wheel asks for as its extra `and-cuda`, as pip takes them (`NAME==VERSION`).
 *
 * @param metadata the wheel's METADATA (PEP 566, PEP 508)
 */
export function nvidiaWheelsFrom(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist: (nvidia-[\w-]+) ?\(?==([\w.]+)\)?.*\band-cuda\b/gm)].map(
    ([, name, version]) => `${name}==${version}`,
  );
}
