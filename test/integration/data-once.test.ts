import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { logLevelVariable } from '@gan-train/service';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clusterStarter,
  directoryOfTests,
  expectFired,
  inspected,
  logLines,
  png,
  tinyDcgan,
  writeImages,
  type Asked,
} from '../support/index.js';

const directory = directoryOfTests();
const size = 16;
/** No multiple of a batch: every third step has items of two epochs. */
const count = 20;
const shards = 4;

beforeAll(() => void (process.env[logLevelVariable] = 'debug'));
afterAll(() => void delete process.env[logLevelVariable]);

describe('every item of every epoch', () => {
  it('is used exactly once, whoever joins and dies meanwhile', async () => {
    const data = await writeImages(join(directory, 'images'), count, size);
    const asked: Asked = { ...tinyDcgan, data, size, shards, steps: 5_000 };
    // A trainer says what it used when it commits, so they die where the others commit with them or not at all.
    const faults = {
      1: [{ point: 'beforeSend' as const, step: 20, phase: 0, action: 'kill' as const }],
      2: [{ point: 'afterUpdate' as const, phase: 0, action: 'kill' as const }],
    };
    const cluster = await clusterStarter(directory, asked)(2, {}, { faults });
    // One dies and comes back; a third joins, dies after the first phase that it took part in, and comes back.
    expect((await cluster.untilGeneration(3)).members).toHaveLength(2);
    await cluster.scale(3);
    expect((await cluster.untilGeneration(6)).members).toHaveLength(3);
    await cluster.untilStep(cluster.lastStep() + 5);
    await cluster.drain('the test has seen enough');
    await cluster.finished();
    await expectFired(cluster, 1, 'kill at beforeSend');
    await expectFired(cluster, 2, 'kill at afterUpdate');

    const { step: steps } = await inspected(cluster.directory);
    const used = await usedItems(cluster.directory, [0, 1, 2], steps);
    expect(used).toHaveLength(steps * Number(asked.batch));
    const all = (await Promise.all(Array.from({ length: count }, async (_, i) => hashOfImage(i)))).sort();
    expect(new Set(all).size).toBe(count);
    const epochs = Math.floor(used.length / count);
    expect(epochs).toBeGreaterThan(40);
    for (let epoch = 0; epoch < epochs; epoch++)
      expect(used.slice(epoch * count, (epoch + 1) * count).sort(), `epoch ${epoch + 1}`).toEqual(all);
    // The epoch that isn't over: each at most once.
    const rest = used.slice(epochs * count);
    expect(new Set(rest).size).toBe(rest.length);
  });
});

/** Hashes of the items of all committed steps, in order. */
async function usedItems(out: string, trainers: readonly number[], steps: number): Promise<string[]> {
  const logs = await Promise.all(trainers.map(async (i) => logLines(out, `trainer-${i}.log`)));
  return logs
    .flat()
    .filter(({ msg, step }) => msg === 'items used' && Number(step) <= steps)
    .sort((a, b) => Number(a.step) - Number(b.step) || Number(a.firstShard) - Number(b.firstShard))
    .flatMap(({ items }) => items as string[]);
}

async function hashOfImage(seed: number): Promise<string> {
  const pixels = await sharp(await png(seed, size))
    .raw()
    .toBuffer();
  return createHash('sha256').update(pixels).digest('hex');
}
