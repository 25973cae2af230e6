import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { GanTrainError } from '@gan-train/service';

export type EngineName = 'tensorflow' | 'onnx' | 'cpu';

/** What the environment says about engines. */
export interface EngineSettings {
  /** GAN_TRAIN_TFJS_NODE: the folder whose node_modules has the native package to take, and no other. */
  named: string | undefined;
  /** GAN_TRAIN_ONNX_PROVIDER: what computes for engine onnx; part of its identity, since bits differ. */
  onnxProvider: 'cpu' | 'cuda';
  /** GAN_TRAIN_GPU=required: a TensorFlow that finds no GPU is none, and without one nothing begins. */
  gpuRequired: boolean;
  /** Where `gan-train engine add` keeps what it makes. */
  enginesFolder: string;
}

/** Throws `bad_config` for a value that there is not. A variable that is empty counts as not set. */
export function engineSettingsFrom(env: NodeJS.ProcessEnv, home = homedir()): EngineSettings {
  const value = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const provider = value('GAN_TRAIN_ONNX_PROVIDER') ?? 'cpu';
  if (provider !== 'cpu' && provider !== 'cuda') {
    const what = `GAN_TRAIN_ONNX_PROVIDER must be cpu or cuda, not ${provider}`;
    throw new GanTrainError('bad_config', what, 'set it to one of them, or unset it');
  }
  const gpu = value('GAN_TRAIN_GPU') ?? 'optional';
  if (gpu !== 'optional' && gpu !== 'required') {
    const what = `GAN_TRAIN_GPU must be optional or required, not ${gpu}`;
    throw new GanTrainError('bad_config', what, 'set it to one of them, or unset it');
  }
  const named = value('GAN_TRAIN_TFJS_NODE');
  return {
    named: named === undefined ? undefined : resolve(named),
    onnxProvider: provider,
    gpuRequired: gpu === 'required',
    enginesFolder: join(
      dataFolder(value('GAN_TRAIN_HOME'), value('XDG_DATA_HOME'), resolve(home)),
      'engines',
    ),
  };
}

/** A relative XDG_DATA_HOME is to be ignored: XDG Base Directory Specification 0.8. */
function dataFolder(own: string | undefined, xdg: string | undefined, home: string): string {
  if (own !== undefined) return resolve(own);
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.local/share'), 'gan-train');
}
