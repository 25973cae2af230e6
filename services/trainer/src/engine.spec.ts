import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type * as EngineModule from '@gan-train/trainer/engine';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

const core = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/package.json'));
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gan-train-engine-'));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => rm(root, { recursive: true, force: true }));

/** A directory with packages of these sources in its node_modules, and our tfjs-core. */
async function homeWith(name: string, sources: Record<string, string>): Promise<string> {
  const home = join(root, name);
  const scope = join(home, 'node_modules/@tensorflow');
  await mkdir(scope, { recursive: true });
  await symlink(core, join(scope, 'tfjs-core'));
  for (const [folder, source] of Object.entries(sources)) {
    await mkdir(join(scope, folder));
    await writeFile(join(scope, folder, 'package.json'), '{ "version": "4.22.0" }');
    await writeFile(join(scope, folder, 'index.js'), source);
  }
  return home;
}

/** The engines of a process that is told of a directory; the built ones, since they start a process of their own. */
async function enginesWith(home: string): Promise<typeof EngineModule> {
  vi.stubEnv('GAN_TRAIN_TFJS_NODE', home);
  // A process searches once.
  vi.resetModules();
  return import('@gan-train/trainer/engine');
}

/** Does to our tfjs-core what the native package does, without a TensorFlow. */
const native = (gpu: boolean): string => `
  const tf = require('@tensorflow/tfjs-core');
  class Backend extends tf.KernelBackend {
    binding = { TF_Version: '2.16.2', isUsingGpuDevice: () => ${gpu} };
  }
  console.log('a library says hello');
  tf.registerBackend('tensorflow', () => new Backend(), 3);
  tf.setBackend('tensorflow');`;

describe('the native engine', () => {
  it('comes first when it loads, with what identifies its arithmetic', async () => {
    const { loadableEngines } = await enginesWith(await homeWith('good', { 'tfjs-node': native(false) }));
    const engines = await loadableEngines();
    expect(engines.map(({ name }) => name)).toEqual(['tensorflow', 'onnx', 'cpu']);
    expect(engines[0].identity).toBe('tensorflow 2.16.2 cpu tfjs-node 4.22.0');
  });

  it('is the GPU package when both load', async () => {
    const home = await homeWith('both', { 'tfjs-node': native(false), 'tfjs-node-gpu': native(true) });
    const { requireTensorflow } = await enginesWith(home);
    expect((await requireTensorflow()).identity).toBe('tensorflow 2.16.2 gpu tfjs-node 4.22.0');
  });

  it('is the next package when one takes its process along', async () => {
    const home = await homeWith('crash', { 'tfjs-node': native(false), 'tfjs-node-gpu': 'process.abort();' });
    const { requireTensorflow } = await enginesWith(home);
    expect((await requireTensorflow()).identity).toBe('tensorflow 2.16.2 cpu tfjs-node 4.22.0');
  });

  it.each([
    { name: 'aborts', source: 'process.abort();', why: 'it ends its process (SIGABRT)' },
    { name: 'throws', source: "throw new Error('no addon\\nadvice');", why: 'no addon' },
    {
      name: 'brings-its-own-core',
      source: '',
      why: 'it brings a copy of @tensorflow/tfjs-core of its own beside ours, 4.22.0',
    },
  ])('is refused with the reason, and not taken by auto, when it $name', async ({ name, source, why }) => {
    const engine = await enginesWith(await homeWith(name, { 'tfjs-node': source }));
    expect(await engine.resolveEngine('auto')).toBe('onnx');
    await expect(engine.requireTensorflow()).rejects.toMatchObject({
      code: 'engine_missing',
      what: `engine tensorflow: @tensorflow/tfjs-node does not load: ${why}`,
    });
  });

  it('is missed by the name of the directory that should have it', async () => {
    const home = await homeWith('none', {});
    const { loadEngine } = await enginesWith(home);
    await expect(loadEngine('tensorflow', 1)).rejects.toMatchObject({
      code: 'engine_missing',
      what: expect.stringContaining(`none is installed in ${home}`) as string,
    });
  });
});
