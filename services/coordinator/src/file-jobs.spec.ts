import { afterAll, describe, expect, it } from 'vitest';
import { encodeKerasWeights } from '@gan-train/checkpoint';
import type * as FileJobsModule from './file-jobs.js';
import { encodeGrid } from './grid.js';
import { kerasFiles } from './keras-files.js';
import { tinyConfig, weightsOf } from './testing.js';

// The worker is a file of its own, which Node can start only as it was built.
const built = new URL('../dist/file-jobs.js', import.meta.url).href;
const { createFileJobs } = (await import(built)) as typeof FileJobsModule;
const jobs = createFileJobs();
afterAll(async () => jobs.close());

const grid = { images: 2, size: 4, channels: 1, pixels: new Uint8Array(32).fill(200) };
const bytesOf = (content: Uint8Array): number[] => [...content];

describe('file jobs', () => {
  it('give what the encoders make, off this thread', async () => {
    const files = kerasFiles(tinyConfig, new Map(weightsOf(tinyConfig).map((one) => [one.name, one])));
    const [picture, ...weights] = await Promise.all([
      jobs.run({ kind: 'grid', ...grid }),
      ...files.map(async (file) => jobs.run({ kind: 'keras', ...file })),
    ]);
    expect(bytesOf(picture)).toEqual(bytesOf(await encodeGrid(grid)));
    expect(weights).toHaveLength(2);
    for (const [i, { layers, options }] of files.entries())
      expect(weights[i]?.length).toBe((await encodeKerasWeights(layers, options)).length);
  });

  it('fail alone, with the reason; the next one is done', async () => {
    const bad = jobs.run({ kind: 'grid', ...grid, channels: 9 });
    const good = jobs.run({ kind: 'grid', ...grid });
    await expect(bad).rejects.toMatchObject({ code: 'internal' });
    expect((await good).length).toBeGreaterThan(0);
  });
});
