import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as EngineModule from '@gan-train/trainer/engine';
import type * as EnginesModule from '@gan-train/trainer/engines';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { installFakes, nativeSource } from './testing/native-fakes.js';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gan-train-engine-'));
});
beforeEach(() => vi.stubEnv('GAN_TRAIN_HOME', join(root, 'nobody')));
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => rm(root, { recursive: true, force: true }));

/** The engines of a process that has this environment; the built ones, since they start a process of their own. */
async function withEnvironment(
  env: Record<string, string>,
): Promise<typeof EngineModule & typeof EnginesModule> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  // A process searches once.
  vi.resetModules();
  return { ...(await import('@gan-train/trainer/engine')), ...(await import('@gan-train/trainer/engines')) };
}

/** What a folder with these packages in its node_modules is taken for when GAN_TRAIN_TFJS_NODE names it. */
async function named(
  name: string,
  sources: Record<string, string>,
  core?: string,
): ReturnType<typeof withEnvironment> {
  const home = join(root, name);
  await installFakes(home, sources, core);
  return withEnvironment({ GAN_TRAIN_TFJS_NODE: home });
}

/** Makes what `engine add` would have made. */
async function added(home: string, folder: string, record: object, source: string): Promise<void> {
  const engine = join(home, 'engines', folder);
  await installFakes(engine, { 'tfjs-node': source });
  await writeFile(join(engine, 'engine.json'), JSON.stringify({ tfjs: '4.22.0', ...record }));
}

describe('the native engine', () => {
  it('comes first when it loads, with what identifies its arithmetic', async () => {
    const { loadableEngines } = await named('good', { 'tfjs-node': nativeSource() });
    const engines = await loadableEngines();
    expect(engines.map(({ name }) => name)).toEqual(['tensorflow', 'onnx', 'cpu']);
    expect(engines[0].identity).toBe('tensorflow 2.16.2 cpu tfjs-node 4.22.0');
  });

  it('is the GPU package when both load', async () => {
    const sources = { 'tfjs-node': nativeSource(), 'tfjs-node-gpu': nativeSource({ gpu: true }) };
    const { loadableEngines } = await named('both', sources);
    expect((await loadableEngines())[0].identity).toBe('tensorflow 2.16.2 gpu tfjs-node 4.22.0');
  });

  it('is the next package when one takes its process along', async () => {
    const sources = { 'tfjs-node': nativeSource(), 'tfjs-node-gpu': 'process.abort();' };
    const { loadableEngines } = await named('crash', sources);
    expect((await loadableEngines())[0].identity).toBe('tensorflow 2.16.2 cpu tfjs-node 4.22.0');
  });

  it('is what the user added, those with CUDA and newer ones first', async () => {
    const home = join(root, 'home');
    await added(home, 'a', { tensorflow: '2.9.1', cuda: true }, 'throw new Error("no driver");');
    await added(home, 'b', { tensorflow: '2.9.1', cuda: false }, nativeSource({ version: '2.9.1' }));
    await added(home, 'c', { tensorflow: '2.16.2', cuda: false }, nativeSource());
    await mkdir(join(home, 'engines/.making-elsewhere-1-x'));
    const { resolveEngine, loadEngineReport, engineSettingsFrom } = await withEnvironment({
      GAN_TRAIN_HOME: home,
      GAN_TRAIN_TFJS_NODE: '',
    });
    expect(await resolveEngine('auto')).toBe('tensorflow');
    const { engines, auto } = await loadEngineReport(engineSettingsFrom(process.env));
    const path = (folder: string): string => join(home, 'engines', folder);
    expect(engines).toMatchObject([
      { path: path('a'), loads: false, reason: 'no driver', tensorflow: '2.9.1', cuda: true },
      { path: path('c'), loads: true, identity: 'tensorflow 2.16.2 cpu tfjs-node 4.22.0', gpu: false },
      { path: path('b'), loads: true, identity: 'tensorflow 2.9.1 cpu tfjs-node 4.22.0' },
      { name: 'onnx', source: 'built in', loads: true },
      { name: 'cpu', source: 'built in', loads: true },
    ]);
    expect(auto).toEqual({ engine: 'tensorflow', reason: 'it is the first that loads' });
  });
});

describe('what the environment names', () => {
  it.each([
    { name: 'aborts', source: 'process.abort();', why: 'it ends its process (SIGABRT)' },
    { name: 'throws', source: "throw new Error('no addon\\nadvice');", why: 'no addon' },
    {
      name: 'is-no-backend',
      source: '',
      why: "it doesn't register the backend tensorflow",
    },
    {
      name: 'miscalculates',
      source: nativeSource({
        more: `
          const convolution = tf.getKernel('Conv2D', 'tensorflow');
          tf.unregisterKernel('Conv2D', 'tensorflow');
          tf.registerKernel({
            ...convolution,
            kernelFunc: ({ backend }) => backend.makeTensorInfo([1, 4, 4, 1], 'float32', new Float32Array(16)),
          });`,
      }),
      why: 'it computes 0, 100, 210 where 100, 100, 210 is right',
    },
  ])('is refused, also by auto, with the reason when it $name', async ({ name, source, why }) => {
    const engine = await named(name, { 'tfjs-node': source });
    const home = join(root, name);
    const refusal = {
      code: 'bad_config',
      what: `GAN_TRAIN_TFJS_NODE=${home}: @tensorflow/tfjs-node in ${home} does not load: ${why}`,
    };
    await expect(engine.resolveEngine('auto')).rejects.toMatchObject(refusal);
    await expect(engine.loadEngine('tensorflow', 1)).rejects.toMatchObject(refusal);
    await expect(engine.checkEngine('cpu')).rejects.toMatchObject(refusal);
    const { auto } = await engine.loadEngineReport(engine.engineSettingsFrom(process.env));
    expect(auto).toEqual({
      engine: null,
      reason: `GAN_TRAIN_TFJS_NODE=${home}: it does not load: ${why}`,
    });
  });

  it('is not looked for above the folder that is named', async () => {
    const home = join(root, 'above');
    await installFakes(home, { 'tfjs-node': nativeSource() });
    const below = join(home, 'below');
    const engine = await withEnvironment({ GAN_TRAIN_TFJS_NODE: below });
    await expect(engine.checkEngine('auto')).rejects.toMatchObject({
      code: 'bad_config',
      what: expect.stringContaining(`there is none in ${join(below, 'node_modules')}`) as string,
    });
    const { auto } = await engine.loadEngineReport(engine.engineSettingsFrom(process.env));
    expect(auto.reason).toBe(`GAN_TRAIN_TFJS_NODE=${below}: there is no tfjs-node in its node_modules`);
  });

  it('is refused when it is made for another TensorFlow.js', async () => {
    const engine = await named('other', { 'tfjs-node': nativeSource() }, '4.21.0');
    await expect(engine.checkEngine('auto')).rejects.toMatchObject({
      what: expect.stringMatching(
        /it is made for @tensorflow\/tfjs-core 4\.21\.0, and gan-train has \d/,
      ) as string,
    });
  });
});

describe('a GPU that is required', () => {
  it('has an engine refused that finds none, also when another engine is asked for', async () => {
    const home = join(root, 'no-gpu');
    await installFakes(home, { 'tfjs-node': nativeSource() });
    const engine = await withEnvironment({ GAN_TRAIN_TFJS_NODE: home, GAN_TRAIN_GPU: 'required' });
    const refusal = {
      code: 'bad_config',
      what: `GAN_TRAIN_GPU=required: @tensorflow/tfjs-node in ${home} finds no GPU`,
    };
    await expect(engine.loadableEngines()).rejects.toMatchObject(refusal);
    await expect(engine.checkEngine('onnx')).rejects.toMatchObject(refusal);
  });

  it('has the package taken that finds one', async () => {
    const home = join(root, 'gpu');
    await installFakes(home, { 'tfjs-node': nativeSource({ gpu: true }), 'tfjs-node-gpu': nativeSource() });
    const engine = await withEnvironment({ GAN_TRAIN_TFJS_NODE: home, GAN_TRAIN_GPU: 'required' });
    expect((await engine.loadableEngines())[0].identity).toBe('tensorflow 2.16.2 gpu tfjs-node 4.22.0');
  });

  it('has a machine without TensorFlow refused', async () => {
    const engine = await withEnvironment({ GAN_TRAIN_TFJS_NODE: '', GAN_TRAIN_GPU: 'required' });
    await expect(engine.checkEngine('auto')).rejects.toMatchObject({
      what: expect.stringContaining('GAN_TRAIN_GPU=required: ') as string,
    });
  });
});

describe('a machine without a native engine', () => {
  it('takes onnx, and says how to make a native one when that is asked for', async () => {
    const engine = await withEnvironment({ GAN_TRAIN_TFJS_NODE: '' });
    await engine.checkEngine('auto');
    expect(await engine.resolveEngine('auto')).toBe('onnx');
    await expect(engine.checkEngine('tensorflow')).rejects.toMatchObject({
      code: 'engine_missing',
      what: 'engine tensorflow: @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node is needed, and none is installed',
      todo: expect.stringContaining('gan-train engine add tensorflow') as string,
    });
    const { auto } = await engine.loadEngineReport(engine.engineSettingsFrom(process.env));
    expect(auto).toEqual({
      engine: 'onnx',
      reason: 'no native TensorFlow is installed, and it is the next that loads',
    });
  });
});
