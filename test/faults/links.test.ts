import { describe, expect, it } from 'vitest';
import { bucketLengths, closings, said, until, type TestCluster } from '../support/index.js';
import type { NetworkFault } from './lab.js';
import { labConfig, labStarter, untilCoordinatorSays, untilMembers } from './lab-cluster.js';
import { beginFault } from './times.js';

const start = labStarter();
const trainers = [0, 1, 2];
/** Linux announces no smaller segments than 256 bytes. */
const tinyBytes = 300;

/** Milliseconds of one step, over the next ones. */
async function stepMs(cluster: TestCluster): Promise<number> {
  const [steps, from, startMs] = [10, cluster.lastStep(), performance.now()];
  await cluster.untilStep(from + steps);
  return (performance.now() - startMs) / steps;
}

/** Each trainer sends more than a buffer of either phase in a step: all of its partial sums but a third, and its third to two others. */
const leastBytes = Object.values(bucketLengths(labConfig))
  .flat()
  .reduce((sum, floats) => sum + 4 * floats, 0);

const untilHit = async (fault: NetworkFault, times: number): Promise<void> =>
  void (await until(`${times} packets`, () => fault.packets() >= times || undefined));

const forcedClosings = async (cluster: TestCluster) =>
  (await closings(cluster)).filter(({ atOnce }) => atOnce);

describe('a network', () => {
  it('whose links are slow: each step takes as long as its bytes need, and nobody is evicted', async () => {
    const { lab, cluster, expectSame } = await start();
    const { begun: slow, times } = beginFault(cluster, 'links of 1 Mbit/s', () =>
      trainers.map((i) => lab.slow(i, '1mbit')),
    );
    // The first steps go out in one burst.
    await stepMs(cluster);
    expect(await stepMs(cluster)).toBeGreaterThan((8 * leastBytes) / 1_000);
    for (const link of slow) expect(link.packets()).toBeGreaterThan(0);
    lab.heal();
    expect(await forcedClosings(cluster)).toEqual([]);
    await expectSame();
    await times();
  });

  it('whose packets are tiny: nobody notices', async () => {
    const { lab, cluster, expectSame } = await start({}, (made) => {
      for (const i of trainers) made.shrinkPackets(i, tinyBytes);
    });
    const segments = trainers.flatMap((i) => lab.segmentBytes(i));
    expect(segments.length).toBeGreaterThan(0);
    expect(Math.max(...segments)).toBeLessThan(tinyBytes);
    expect(await forcedClosings(cluster)).toEqual([]);
    await expectSame();
  });
});

describe('connections', () => {
  it('between trainers are reset amid messages, again and again: these are sent again, whole', async () => {
    const { lab, cluster, expectSame } = await start();
    const { times } = beginFault(cluster, 'connections of two trainers are reset', () => undefined);
    for (let i = 0; i < 5; i++) {
      const fault = i % 2 === 0 ? lab.resetOnce(1, 2) : lab.resetOnce(2, 1);
      await untilHit(fault, 1);
      fault.heal();
      await cluster.untilStep(cluster.lastStep() + 3);
    }
    expect(await closings(cluster)).toEqual([]);
    await expectSame();
    await times();
  });

  it('between trainers are reset after so many bytes: no step takes a part of a sum', async () => {
    const { lab, cluster, expectSame } = await start();
    const { begun: fault, times } = beginFault(cluster, 'connections end after 300 kB', () =>
      lab.resetAfterBytes(1, 2, 300_000),
    );
    await untilHit(fault, 20);
    await cluster.untilStep(cluster.lastStep() + 10);
    fault.heal();
    await expectSame();
    await times();
  });

  it('with the coordinator are reset: the trainer loses its place, and comes back', async () => {
    const { lab, cluster, expectSame } = await start();
    const { begun: fault, times } = beginFault(cluster, 'the session of a trainer is reset', () =>
      lab.reset('coordinator', 1),
    );
    await until(
      'a trainer without a session',
      async () => (await said(cluster, 1, 'no session with the coordinator')).length > 0 || undefined,
    );
    fault.heal();
    await cluster.untilGeneration(2);
    await untilMembers(cluster, 3);
    expect(fault.packets()).toBeGreaterThan(0);
    expect((await forcedClosings(cluster))[0]?.reason).toMatch(/session|silent/);
    await expectSame();
    await times();
  });

  it('break amid a checkpoint: no part of it is ever seen, and a later one is whole', async () => {
    const { lab, cluster, expectSame } = await start({ checkpointSeconds: 0.2 });
    const { begun: faults, times } = beginFault(cluster, 'an upload breaks off', () =>
      trainers.map((i) => lab.resetAfterBytes('coordinator', i, 1_000_000)),
    );
    await untilCoordinatorSays(cluster, 'that it has not stored', ({ msg }) => msg === 'not stored');
    expect(faults.some((fault) => fault.packets() > 0)).toBe(true);
    for (const fault of faults) fault.heal();
    await cluster.untilGeneration(2);
    await untilMembers(cluster, 3);
    const isCheckpoint = ({ msg }: Record<string, unknown>): boolean => msg === 'checkpoint stored';
    await untilCoordinatorSays(cluster, 'that it stores', isCheckpoint, Date.now());
    await expectSame();
    await times();
  });
});
