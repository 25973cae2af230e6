import { cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, newestCheckpoint, pruneCheckpoints, verifyCheckpoint } from './store.js';
import { temporaryFolder, writeCheckpoint } from './testing.js';

async function flipBit(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

const damages: [string, (dir: string, other: string) => Promise<void>, RegExp][] = [
  ['a flipped bit in the header', (dir) => flipBit(join(dir, 'state.safetensors'), 40), /SHA-256 differs/],
  [
    'a flipped bit in the last weight',
    (dir) => flipBit(join(dir, 'state.safetensors'), -1),
    /SHA-256 differs/,
  ],
  ['a truncated file', (dir) => truncate(join(dir, 'state.safetensors'), 100), /has 100 bytes where/],
  ['a missing file', (dir) => rm(join(dir, 'state.safetensors')), /state.safetensors can't be read: ENOENT/],
  [
    'the file of another step',
    (dir, other) => cp(join(other, 'state.safetensors'), join(dir, 'state.safetensors')),
    /SHA-256 differs/,
  ],
  ['no manifest', (dir) => rm(join(dir, 'manifest.json')), /manifest.json can't be read: ENOENT/],
  ['half a manifest', (dir) => truncate(join(dir, 'manifest.json'), 200), /not JSON \(cut off\?\)/],
  ['an empty manifest', (dir) => truncate(join(dir, 'manifest.json'), 0), /not JSON/],
  [
    'the directory of another step',
    async (dir, other) => {
      await rm(dir, { recursive: true });
      await cp(other, dir, { recursive: true });
    },
    /holds step 100: it was renamed or swapped/,
  ],
];

describe('newestCheckpoint', () => {
  it('is the one of the highest step, by number', async () => {
    const parent = await temporaryFolder();
    for (const step of [2, 1_000_000, 999_999]) await writeCheckpoint(parent, step);
    expect((await newestCheckpoint(parent))?.manifest.step).toBe(1_000_000);
    expect((await newestCheckpoint(parent, { below: 1_000_000 }))?.dir).toBe(join(parent, '999999'));
    expect(await newestCheckpoint(parent, { below: 2 })).toBeUndefined();
  });

  it('is none where there is no directory', async () => {
    expect(await newestCheckpoint(join(await temporaryFolder(), 'none'))).toBeUndefined();
  });

  it.each(damages)('passes over %s and says why', async (_, damage, reason) => {
    const parent = await temporaryFolder();
    const older = (await writeCheckpoint(parent, 100)).dir;
    const newer = (await writeCheckpoint(parent, 200)).dir;
    await damage(newer, older);
    const rejected: [string, string][] = [];
    const found = await newestCheckpoint(parent, { onRejected: (dir, why) => rejected.push([dir, why]) });
    expect(found?.dir).toBe(older);
    expect(rejected).toEqual([[newer, expect.stringMatching(reason)]]);
  });

  it('notices any flipped bit of the manifest', async () => {
    const parent = await temporaryFolder();
    const { dir } = await writeCheckpoint(parent, 100);
    const path = join(dir, 'manifest.json');
    const manifest = await readFile(path);
    const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a;
    for (let at = 0; at < manifest.length; at++) {
      if (isSpace(manifest[at] ?? 0)) continue;
      await flipBit(path, at);
      await expect(verifyCheckpoint(dir), `byte ${at}`).rejects.toMatchObject({ code: 'bad_checkpoint' });
      await writeFile(path, manifest);
    }
    await verifyCheckpoint(dir);
  });
});

describe('loadCheckpoint', () => {
  it('refuses what does not verify', async () => {
    const { dir } = await writeCheckpoint(await temporaryFolder(), 100);
    await flipBit(join(dir, 'state.safetensors'), -1);
    await expect(loadCheckpoint(dir)).rejects.toMatchObject({ code: 'bad_checkpoint' });
  });
});

describe('pruneCheckpoints', () => {
  it('keeps the newest and removes the others whole', async () => {
    const parent = await temporaryFolder();
    for (const step of [1, 2, 3, 4]) await writeCheckpoint(parent, step);
    expect(await pruneCheckpoints(parent, { keep: 2 })).toEqual([
      join(parent, '000002'),
      join(parent, '000001'),
    ]);
    expect((await readdir(parent)).sort()).toEqual(['000003', '000004']);
    expect(await pruneCheckpoints(parent, { keep: 2 })).toEqual([]);
  });

  it('counts only those that verify', async () => {
    const parent = await temporaryFolder();
    for (const step of [1, 2, 3, 4]) await writeCheckpoint(parent, step);
    await flipBit(join(parent, '000004', 'state.safetensors'), -1);
    await pruneCheckpoints(parent, { keep: 2 });
    expect((await readdir(parent)).sort()).toEqual(['000002', '000003', '000004']);
  });

  it('removes nothing while there are too few good ones, and never the last', async () => {
    const parent = await temporaryFolder();
    for (const step of [1, 2, 3]) await writeCheckpoint(parent, step);
    for (const step of [2, 3]) await flipBit(join(parent, `00000${step}`, 'state.safetensors'), -1);
    expect(await pruneCheckpoints(parent, { keep: 2 })).toEqual([]);
    expect(await pruneCheckpoints(parent, { keep: 0 })).toEqual([]);
    expect((await newestCheckpoint(parent))?.manifest.step).toBe(1);
  });

  it('is told why one did not count', async () => {
    const parent = await temporaryFolder();
    for (const step of [1, 2, 3]) await writeCheckpoint(parent, step);
    await rename(join(parent, '000003'), join(parent, '000004'));
    const reasons: string[] = [];
    await pruneCheckpoints(parent, { keep: 1, onRejected: (_, reason) => reasons.push(reason) });
    expect(reasons).toEqual([expect.stringContaining('holds step 3')]);
  });
});
