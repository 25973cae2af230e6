// `npm run test:keras`: the .h5 files of real trainings through real Keras, which is installed below .cache/keras.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeNpy, encodeNpy, loadCheckpoint, newestCheckpoint } from '@gan-train/checkpoint';
import { assignWeights, createGan, gridNoise } from '@gan-train/gan';
import { modelFromConfig } from '@gan-train/service';
import { loadEngine } from '@gan-train/trainer/engine';
import * as tf from '@tensorflow/tfjs-core';
import { makeDirectory, requireTools, run } from './made-directory.mjs';

/** tf_keras is the Keras that the tutorial was written for. */
const packages = ['tensorflow-cpu==2.16.2', 'tf_keras==2.16.0', 'numpy<2'];

const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'cli/bin/gan-train.js');
// Trained until outputs differ from image to image: equal constants would prove little.
const fast = ['--learning-rate-g', '0.005', '--learning-rate-d', '0.005'];
const cases = [
  { name: 'seed-8', flags: ['--preset', 'seed', '--size', '32', '--width', '8', '--steps', '40'] },
  { name: 'seed-64', flags: ['--preset', 'seed', '--size', '32', '--width', '64', '--steps', '2'] },
  { name: 'dcgan-8', flags: ['--preset', 'dcgan', '--size', '28', '--width', '8', '--steps', '40', ...fast] },
  {
    name: 'dcgan-rgb-8',
    flags: ['--preset', 'dcgan', '--channels', '3', '--size', '32', '--width', '8', '--steps', '40', ...fast],
  },
];
const imagesPerCase = 8;

function installKeras() {
  requireTools('python3');
  const python = run('python3: version', 'python3', [
    '-c',
    'import sys; print(*sys.version_info[:2])',
  ]).trim();
  return makeDirectory(join(root, '.cache/keras'), { packages, python }, (made) => {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
    run(`pip: ${packages.join(' ')}`, 'python3', [...pip, '--target', made, ...packages]);
  });
}

/** What the run's discriminator says of images [count, size, size, channels]: probabilities [count, 1]. */
async function verdicts(directory, config, images) {
  const gan = createGan(modelFromConfig(config));
  const { dir } = await newestCheckpoint(join(directory, 'checkpoints'));
  const { tensors } = await loadCheckpoint(dir);
  const { trainable, running, length } = gan.layouts.discriminator;
  const flat = new Float32Array(length);
  for (const { name, offset } of [...trainable, ...running])
    flat.set(tensors.get(`discriminator/${name}`).data, offset);
  assignWeights(gan, 'discriminator', flat);
  return gan.discriminator.predict(tf.tensor(images.data, images.shape)).dataSync();
}

/** The images and as many of uniform noise, which a discriminator tells from them. */
function withNoiseImages({ shape, data }) {
  const [count, ...image] = shape;
  const uniform = { preset: 'seed', latentDim: data.length / count };
  const noise = gridNoise(uniform, { seed: 8, count });
  return { shape: [2 * count, ...image], data: Float32Array.from([...data, ...noise]) };
}

async function check(keras, scratch, { name, flags }) {
  const directory = join(scratch, name);
  const file = (kind) => join(scratch, `${name}-${kind}.npy`);
  const train = [
    'train',
    '--out',
    directory,
    '--data',
    'mnist',
    '--engine',
    'onnx',
    '--trainers',
    '1',
    ...flags,
  ];
  run(`${name}: training`, process.execPath, [command, ...train]);
  const inspected = run(`${name}: inspect`, process.execPath, [command, 'inspect', directory, '--json']);
  const { config } = JSON.parse(inspected);

  const noise = gridNoise(modelFromConfig(config), { seed: 7, count: imagesPerCase });
  writeFileSync(file('noise'), encodeNpy([imagesPerCase, config.latentDim], noise));
  const sample = ['sample', directory, '--noise', file('noise'), '--out', file('images')];
  run(`${name}: sample`, process.execPath, [command, ...sample]);
  const judged = withNoiseImages(decodeNpy(readFileSync(file('images'))));
  writeFileSync(file('judged'), encodeNpy(judged.shape, judged.data));
  writeFileSync(file('verdicts'), encodeNpy([judged.shape[0], 1], await verdicts(directory, config, judged)));

  const script = join(root, 'test/keras/check_keras.py');
  const args = [script, directory, ...['noise', 'images', 'judged', 'verdicts'].map(file)];
  const { status } = spawnSync('python3', args, {
    input: JSON.stringify(config),
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, PYTHONPATH: keras, PYTHONNOUSERSITE: '1', CUDA_VISIBLE_DEVICES: '' },
  });
  if (status !== 0) throw new Error(`${name}: Keras computes something else, or doesn't load the weights`);
}

const scratch = mkdtempSync(join(tmpdir(), 'gan-train-keras-'));
try {
  const keras = installKeras();
  await loadEngine('onnx', 1);
  for (const model of cases) await check(keras, scratch, model);
} catch (error) {
  console.error(`test:keras: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
