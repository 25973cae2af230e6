import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type * as FileJobsModule from './file-jobs.js';
import { encodeGrid } from './grid.js';
import { kerasFiles } from './keras-files.js';
import { temporaryFolder, tinyConfig, weightsOf } from './testing.js';

// The worker is a file of its own, which Node can start only as it was built.
const built = new URL('../dist/file-jobs.js', import.meta.url).href;
const { createFileJobs } = (await import(built)) as typeof FileJobsModule;
const jobs = createFileJobs();
afterAll(async () => jobs.close());

const grid = { images: 2, size: 4, channels: 1, pixels: new Uint8Array(32).fill(200) };

describe('file jobs', () => {
  it('write what the encoders make, off this thread', async () => {
    const dir = await temporaryFolder();
    const path = join(dir, '000001.png');
    const files = kerasFiles(
      tinyConfig,
      new Map(weightsOf(tinyConfig).map((tensor) => [tensor.name, tensor])),
    );
    await Promise.all([
      jobs.run({ kind: 'grid', path, ...grid }),
      jobs.run({ kind: 'keras', directory: dir, files }),
    ]);
    expect(await readFile(path)).toEqual(await encodeGrid(grid));
    expect((await readdir(dir)).sort()).toEqual([
      '000001.png',
      'gan_ds_weights_8.h5',
      'gan_gen_weights_8.h5',
    ]);
  });

  it('fail alone, with the reason; the next one is done', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'file'), '');
    const bad = jobs.run({ kind: 'grid', path: join(dir, 'file', 'x.png'), ...grid });
    const good = jobs.run({ kind: 'grid', path: join(dir, 'x.png'), ...grid });
    await expect(bad).rejects.toMatchObject({ code: 'io' });
    await expect(good).resolves.toBeUndefined();
  });
});
