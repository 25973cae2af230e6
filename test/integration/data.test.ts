import { mkdtemp, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  contentsOf,
  countTo,
  directoryOfTests,
  eventsFrom,
  exists,
  gan,
  lossesOf,
  png,
  readJson,
  stepsOf,
  tinyDcgan,
  trainArgs,
  trained,
  writeImages,
  type Asked,
} from '../support/index.js';

const directory = directoryOfTests();
const at = (name: string): string => join(directory, name);
const onImages = (data: string): Asked => ({ ...tinyDcgan, data, size: 16, trainers: 2 });

describe('a folder of images', () => {
  it('is trained on, its colours too, and pinned: a change is refused by name', async () => {
    const [folder, out] = [await writeImages(at('twenty'), 20), at('on-twenty')];
    const run = await trained(out, onImages(folder), '--steps', '4');
    // 8 items a step: the third step crosses into the second epoch.
    expect(run.losses.slice(1).map(([, epoch]) => epoch)).toEqual(['1', '1', '1', '2']);
    const { count, shape, files } = await readJson(out, 'data-manifest.json');
    expect({ count, shape }).toEqual({ count: 20, shape: { size: 16, channels: 3 } });
    expect((files as { name: string }[])[7]?.name).toBe('07.png');

    const before = await contentsOf(out);
    const original = await png(7);
    await writeFile(join(folder, '07.png'), await png(77));
    const changed = await gan(...trainArgs(out, {}, '--resume', '--steps', '6'));
    expect(changed.code).toBe(2);
    expect(changed.stderr).toMatch(/^error identity_changed: .*07\.png was changed/);
    expect(await contentsOf(out)).toEqual(before);

    await writeFile(join(folder, '07.png'), original);
    const resumed = await trained(out, {}, '--resume', '--steps', '6', '--trainers', '1');
    const undisturbed = await trained(at('undisturbed'), onImages(folder), '--steps', '6');
    expect(resumed.weightsHash).toBe(undisturbed.weightsHash);
    expect(resumed.losses).toEqual(undisturbed.losses);
  });

  it('may hold a few broken images: they are skipped, listed and told', async () => {
    const folder = await writeImages(at('one-broken'), 10);
    await writeFile(join(folder, '03.png'), (await png(3)).subarray(0, 60));
    const out = at('on-one-broken');
    const { code, stdout } = await gan(...trainArgs(out, onImages(folder), '--steps', '1'));
    expect(code).toBe(0);
    const { count, skipped } = await readJson(out, 'data-manifest.json');
    expect(count).toBe(9);
    expect(skipped).toMatchObject([{ name: '03.png' }]);
    const notes = eventsFrom(stdout).filter(({ event }) => event === 'note');
    expect(notes.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^image skipped: 03\.png \(.+\)$/),
    );
  });

  it.each([
    {
      what: 'holds broken images only',
      write: async (folder: string) => writeFile(join(folder, 'a.png'), 'no image'),
      says: /^error bad_data: 1 of 1 images under .* can't be read: a\.png .*; mend or remove them/,
    },
    {
      what: 'is empty',
      write: async () => Promise.resolve(),
      says: /^error bad_data: no PNG, JPEG or WebP image under .*; give --data mnist, or a folder/,
    },
  ])('is refused when it $what', async ({ write, says }) => {
    const folder = await mkdtemp(at('bad-'));
    await write(folder);
    const { code, stderr } = await gan(...trainArgs(at('refused'), onImages(folder)));
    expect(stderr).toMatch(says);
    expect(code).toBe(2);
    expect(await exists(at('refused'))).toBe(false);
  });

  it('is refused when it is not there', async () => {
    const { code, stderr } = await gan(...trainArgs(at('refused'), onImages(at('nowhere'))));
    expect(stderr).toMatch(/^error bad_data: there is no folder .*nowhere; give --data mnist, or a folder/);
    expect(code).toBe(2);
    expect(await exists(at('refused'))).toBe(false);
  });
});

describe('a damaged checkpoint', () => {
  const everyStep = ['--checkpoint-seconds', '0'];
  const cut = async (out: string, step: number): Promise<void> =>
    truncate(join(out, 'checkpoints', String(step).padStart(6, '0'), 'state.safetensors'), 1000);

  it('is passed over for the one before, which is said; when all are damaged the run is refused', async () => {
    const out = at('damaged');
    await trained(out, tinyDcgan, '--steps', '4', '--trainers', '1', ...everyStep);
    const kept = await checkpointSteps(out);
    const [before, newest] = kept.slice(-2) as [number, number];
    expect(newest).toBe(4);
    await cut(out, newest);

    const { code, stdout } = await gan(...trainArgs(out, {}, '--resume', '--steps', '6', '--trainers', '2'));
    expect(code).toBe(0);
    const events = eventsFrom(stdout);
    expect(events[0]).toMatchObject({ event: 'run', step: before, steps: 6 });
    expect(events[1]).toMatchObject({
      event: 'note',
      message: expect.stringMatching(/^checkpoint passed over: .*000004.*1000 bytes/) as string,
    });
    expect(stepsOf(await lossesOf(out))).toEqual(countTo(6));
    const undisturbed = await trained(at('whole'), tinyDcgan, '--steps', '6', '--trainers', '1');
    expect(await lossesOf(out)).toEqual(undisturbed.losses);
    expect(events.findLast(({ event }) => event === 'checkpoint')?.weightsHash).toBe(undisturbed.weightsHash);

    for (const step of await checkpointSteps(out)) await cut(out, step);
    const rows = await lossesOf(out);
    const refused = await gan(...trainArgs(out, {}, '--resume', '--steps', '8'));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^error bad_checkpoint: none of the \d checkpoints of .* is whole; restore one from a copy, or begin a new run/,
    );
    expect(await lossesOf(out)).toEqual(rows);
    expect(await readdir(out)).not.toContain('live.json');
  });
});
