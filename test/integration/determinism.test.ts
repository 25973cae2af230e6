import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bucketLengths,
  countTo,
  directoryOfTests,
  inspected,
  setupMs,
  stepsOf,
  tinyDcgan,
  tinySeed,
  trained,
  type TrainedRun,
} from '../support/index.js';

const directory = directoryOfTests();

describe.each([
  { preset: 'dcgan', asked: tinyDcgan },
  { preset: 'seed', asked: tinySeed },
])('a run of preset $preset', ({ preset, asked }) => {
  const run = async (name: string, trainers: number, ...more: string[]): Promise<TrainedRun> => {
    const out = join(directory, `${preset}-${name}`);
    return trained(out, asked, '--trainers', String(trainers), '--steps', '6', ...more);
  };
  let alone: TrainedRun;

  beforeAll(async () => {
    alone = await run('alone', 1);
  }, setupMs);

  const expectSame = async ({ out, losses }: TrainedRun): Promise<void> => {
    expect((await inspected(out)).weightsHash).toBe(alone.weightsHash);
    expect(losses).toEqual(alone.losses);
  };

  it('exercises at least three buckets a phase, one of them of odd length', () => {
    const { d, g } = bucketLengths(asked);
    expect(Math.min(d.length, g.length)).toBeGreaterThanOrEqual(3);
    expect([...d, ...g].some((length) => length % 2 === 1)).toBe(true);
  });

  it('has a row of finite losses for every step', () => {
    expect(stepsOf(alone.losses)).toEqual(countTo(6));
    for (const row of alone.losses.slice(1))
      for (const field of row) expect(Number(field)).toBeGreaterThan(0);
  });

  it.each([2, 3, 4])('has the same bits with %d trainers', async (trainers) => {
    await expectSame(await run(`of-${trainers}`, trainers));
  });

  it('has the same bits when it is resumed at step 3 with another number of trainers', async () => {
    const half = await run('resumed', 2, '--steps', '3');
    expect(half.weightsHash).not.toBe(alone.weightsHash);
    expect(half.losses).toEqual(alone.losses.slice(0, 4));
    await expectSame(await run('resumed', 3, '--resume'));
  });
});

describe('what decides the bits of a run', () => {
  const run = async (name: string, ...more: string[]): Promise<TrainedRun> =>
    trained(join(directory, name), tinyDcgan, '--steps', '2', '--trainers', '1', ...more);

  it('is its config: the same command twice gives the same, another seed gives others', async () => {
    const first = await run('first');
    const again = await run('again');
    const otherSeed = await run('other-seed', '--seed', '2');
    expect(again.weightsHash).toBe(first.weightsHash);
    expect(again.losses).toEqual(first.losses);
    expect(otherSeed.weightsHash).not.toBe(first.weightsHash);
    expect(otherSeed.losses).not.toEqual(first.losses);
  });

  it('is not how gradients are cut to travel', async () => {
    const coarse = await run('coarse', '--trainers', '2', '--bucket-kib', '1024');
    const fine = await run('fine', '--trainers', '2', '--bucket-kib', '3');
    expect(fine.weightsHash).toBe(coarse.weightsHash);
  });
});
