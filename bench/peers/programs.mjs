// The programs that are compared: gan-train and its peers, each training the same models in its own best way.
import { fileURLToPath } from 'node:url';
import { layoutsFromOptions } from '@gan-train/gan';
import { pythonOfEnvironment } from './environments.mjs';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));

const command = file('../../cli/bin/gan-train.js');
const endWithParent = ['--import', new URL('end-with-parent.mjs', import.meta.url).href];

/** `batch`: items a step and trainer; `steps`: as many as take 10 to 20 s on one core. The options are `gan-train bench step`'s. */
export const models = {
  mnist: { batch: 64, steps: 80, options: { preset: 'dcgan', size: 28, channels: 1 } },
  seed32: { batch: 16, steps: 12, options: { preset: 'seed', size: 32, channels: 3 } },
  seed64: { batch: 4, steps: 12, options: { preset: 'seed', size: 64, channels: 3 } },
};

/** Numbers of parameters of gan-train's networks. */
export function parametersOfModel(model) {
  const { layouts } = layoutsFromOptions({
    ...models[model].options,
    width: 64,
    latentDim: 100,
    batchNorm: false,
  });
  return { g: layouts.generator.length, d: layouts.discriminator.length };
}

/**
 * gan-train first. `takes` says whether a program can do with so many processes; `command` is what runs it but for the
 * arguments that all have in common.
 */
export function createPrograms(engine) {
  const peer = (title, environment, script, takes) => ({
    title,
    takes,
    command: [pythonOfEnvironment(environment), file(script)],
  });
  return [
    {
      title: 'gan-train',
      takes: () => true,
      command: [process.execPath, ...endWithParent, command, 'bench', 'step', '--json', '--engine', engine],
    },
    peer('PyTorch DDP', 'pytorch', 'pytorch_ddp.py', () => true),
    peer('Keras tf.function', 'tensorflow', 'keras_function.py', (trainers) => trainers === 1),
    peer('MultiWorkerMirrored', 'tensorflow', 'multi_worker.py', (trainers) => trainers > 1),
  ];
}
