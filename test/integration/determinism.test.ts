import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bucketLengths,
  countTo,
  directoryOfTests,
  setupMs,
  stepsOf,
  tinyDcgan,
  tinySeed,
  trained,
  type TrainedRun,
} from '../support/index.js';

const directory = directoryOfTests();
const steps = '6';

describe.each([
  { preset: 'dcgan', asked: tinyDcgan },
  { preset: 'seed', asked: tinySeed },
])('a run of preset $preset', ({ preset, asked }) => {
  const out = (name: string): string => join(directory, `${preset}-${name}`);
  let alone: TrainedRun;

  beforeAll(async () => {
    alone = await trained(out('alone'), asked, '--steps', steps, '--trainers', '1');
  }, setupMs);

  const expectSame = (run: TrainedRun): void => {
    expect(run.weightsHash).toBe(alone.weightsHash);
    expect(run.losses).toEqual(alone.losses);
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

  it.each(['2', '3', '4'])('has the same bits with %s trainers', async (trainers) => {
    expectSame(await trained(out(`of-${trainers}`), asked, '--steps', steps, '--trainers', trainers));
  });

  it('has the same bits when it is resumed at step 3 with another number of trainers', async () => {
    const half = await trained(out('resumed'), asked, '--steps', '3', '--trainers', '3');
    expect(half.weightsHash).not.toBe(alone.weightsHash);
    expect(half.losses).toEqual(alone.losses.slice(0, 4));
    expectSame(await trained(half.out, {}, '--resume', '--steps', steps, '--trainers', '2'));
  });
});

describe('what decides the bits of a run', () => {
  const run = async (name: string, ...more: string[]): Promise<TrainedRun> =>
    trained(join(directory, name), tinyDcgan, '--steps', '3', '--trainers', '2', ...more);

  it('is its config: the same command twice gives the same, another seed other ones', async () => {
    const first = await run('first');
    const again = await run('again');
    const otherSeed = await run('other-seed', '--seed', '2');
    expect(again.weightsHash).toBe(first.weightsHash);
    expect(again.losses).toEqual(first.losses);
    expect(otherSeed.weightsHash).not.toBe(first.weightsHash);
    expect(otherSeed.losses).not.toEqual(first.losses);

    // How gradients travel decides nothing.
    const otherBuckets = await run('other-buckets', '--bucket-ki-b', '7');
    expect(otherBuckets.weightsHash).toBe(first.weightsHash);
  });
});
