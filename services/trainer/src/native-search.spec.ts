import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeCandidates } from './native-search.js';
import { installFakes } from './testing/native-fakes.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gan-train-search-'));
  const engine = join(root, 'home/engines/one');
  for (const home of [join(root, 'project'), join(root, 'project/packages/mine'), engine])
    await installFakes(home, { 'tfjs-node': '' });
  await installFakes(join(root, 'project'), { 'tfjs-node-gpu': '' });
  await writeFile(join(engine, 'engine.json'), '{ "tensorflow": "2.16.2", "cuda": false, "tfjs": "4.22.0" }');
});
afterAll(async () => rm(root, { recursive: true, force: true }));

/** Where npm may have put one, as Node lists it for a module of `project/packages/mine`; the last is no npm folder. */
const nodeModules = (): string[] =>
  ['project/packages/mine/node_modules', 'project/node_modules', 'node_modules', '.node_modules'].map(
    (folder) => join(root, folder),
  );

describe('native packages', () => {
  it("are npm's beside gan-train, the nearest folder and the GPU package first, then the user's", () => {
    const found = nativeCandidates(
      { named: undefined, enginesFolder: join(root, 'home/engines') },
      nodeModules(),
    );
    expect(found.map(({ source, package: name, home }) => [source, name, home])).toEqual([
      ['npm', '@tensorflow/tfjs-node', join(root, 'project/packages/mine')],
      ['npm', '@tensorflow/tfjs-node-gpu', join(root, 'project')],
      ['npm', '@tensorflow/tfjs-node', join(root, 'project')],
      ['engine add', '@tensorflow/tfjs-node', join(root, 'home/engines/one')],
    ]);
  });

  it('are only those of the folder that is named', () => {
    const settings = {
      named: join(root, 'project/packages/mine'),
      enginesFolder: join(root, 'home/engines'),
    };
    expect(nativeCandidates(settings, nodeModules()).map(({ source }) => source)).toEqual([
      'GAN_TRAIN_TFJS_NODE',
    ]);
  });
});
