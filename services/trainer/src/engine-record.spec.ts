import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  byPreference,
  compareVersions,
  engineFolderName,
  loadUserEngines,
  type EngineRecord,
} from './engine-record.js';

const record = (tensorflow: string, cuda = false): EngineRecord => ({ tensorflow, cuda, tfjs: '4.22.0' });

describe('versions', () => {
  it.each([
    ['2.9.1', '2.16.2', -1],
    ['2.16.2', '2.16.2', 0],
    ['3.0.0', '2.99.9', 1],
    ['2.16.10', '2.16.9', 1],
  ])('%s against %s is %i', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

describe("a user's engines", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'gan-train-record-'));
  });
  afterAll(async () => rm(root, { recursive: true, force: true }));

  it('are preferred with CUDA, then by the newer TensorFlow', () => {
    const records = [record('2.9.1'), record('2.16.2'), record('2.15.1', true)];
    expect(records.sort(byPreference).map(engineFolderName)).toEqual([
      'tensorflow-2.15.1-cuda',
      'tensorflow-2.16.2',
      'tensorflow-2.9.1',
    ]);
  });

  it('are those that are whole', async () => {
    const put = async (name: string, content?: string): Promise<void> => {
      await mkdir(join(root, name));
      if (content !== undefined) await writeFile(join(root, name, 'engine.json'), content);
    };
    await put('tensorflow-2.16.2', JSON.stringify(record('2.16.2')));
    await put('.making-here-1-abc', JSON.stringify(record('2.16.2')));
    await put('tensorflow-2.15.1');
    await put('tensorflow-2.12.1', '{ "tensor');
    expect(loadUserEngines(root)).toEqual([
      { path: join(root, 'tensorflow-2.16.2'), record: record('2.16.2') },
    ]);
    expect(loadUserEngines(join(root, 'none'))).toEqual([]);
  });
});
