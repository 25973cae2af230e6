import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRunDirectory } from './run-name.js';

const home = process.cwd();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gan-train-run-name-'));
  process.chdir(directory);
});
afterEach(async () => {
  process.chdir(home);
  await rm(directory, { recursive: true, force: true });
});

describe('newRunDirectory', () => {
  it('begins with 001, and makes nothing', async () => {
    expect(await newRunDirectory('dcgan', 'mnist')).toBe(join('runs', 'dcgan-mnist-001'));
    expect(await newRunDirectory('dcgan', 'mnist')).toBe(join('runs', 'dcgan-mnist-001'));
  });

  it('takes the number after the highest of its kind, though there are gaps and other names', async () => {
    for (const name of [
      'dcgan-mnist-001',
      'dcgan-mnist-009',
      'dcgan-mnist-best',
      'dcgan-mnist-small-050',
      'seed-mnist-700',
      'notes',
    ]) {
      await mkdir(join('runs', name), { recursive: true });
    }
    expect(await newRunDirectory('dcgan', 'mnist')).toBe(join('runs', 'dcgan-mnist-010'));
    expect(await newRunDirectory('seed', 'mnist')).toBe(join('runs', 'seed-mnist-701'));
  });

  it('goes on after 999', async () => {
    await mkdir(join('runs', 'dcgan-mnist-999'), { recursive: true });
    expect(await newRunDirectory('dcgan', 'mnist')).toBe(join('runs', 'dcgan-mnist-1000'));
  });

  it('names a folder of images by its last part, in plain letters', async () => {
    expect(await newRunDirectory('dcgan', '/data/My Photos (2024)/')).toBe(
      join('runs', 'dcgan-my-photos-2024-001'),
    );
  });

  it('calls it data where nothing of the name is plain', async () => {
    for (const folder of ['/', '/фото', '...']) {
      expect(await newRunDirectory('dcgan', folder)).toBe(join('runs', 'dcgan-data-001'));
    }
  });
});
