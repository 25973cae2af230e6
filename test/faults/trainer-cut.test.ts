import { describe, expect, it } from 'vitest';
import { closings, said, until } from '../support/index.js';
import { labStarter, untilMembers } from './lab-cluster.js';
import { beginFault } from './times.js';

const start = labStarter();

describe('a trainer whose packets are dropped', () => {
  it('to and from everybody, for longer than anyone waits: it is evicted, and comes back when it is healed', async () => {
    const { lab, cluster, expectSame } = await start();
    const pid = cluster.pids.trainers[1];
    const { begun: cut, times } = beginFault(cluster, 'a trainer, cut from all', () => lab.isolate(1));
    expect((await cluster.untilGeneration(2)).members).toHaveLength(2);
    await until(
      'a trainer that gives the session up',
      async () => (await said(cluster, 1, 'no session with the coordinator')).length > 0 || undefined,
    );
    cut.heal();
    expect((await cluster.untilGeneration(3)).members).toHaveLength(3);
    expect(cut.packets()).toBeGreaterThan(0);
    expect((await closings(cluster))[0]?.reason).toContain('silent for 5 s');
    expect(cluster.pids.trainers[1]).toBe(pid);
    await expectSame();
    await times();
  });

  it('to the coordinator alone: it is evicted for its silence', async () => {
    const { lab, cluster, expectSame } = await start();
    const { begun: cut, times } = beginFault(cluster, 'trainer to coordinator, one way', () =>
      lab.cut(1, 'coordinator', 'oneWay'),
    );
    expect((await cluster.untilGeneration(2)).members).toHaveLength(2);
    cut.heal();
    await untilMembers(cluster, 3);
    expect(cut.packets()).toBeGreaterThan(0);
    expect((await closings(cluster))[0]?.reason).toContain('silent for 5 s');
    await expectSame();
    await times();
  });

  it('from the coordinator alone: it is evicted likewise, since TCP sends no more than is confirmed', async () => {
    const { lab, cluster, expectSame } = await start();
    const { begun: cut, times } = beginFault(cluster, 'coordinator to trainer, one way', () =>
      lab.cut('coordinator', 1, 'oneWay'),
    );
    expect((await cluster.untilGeneration(2)).members).toHaveLength(2);
    cut.heal();
    await untilMembers(cluster, 3);
    expect(cut.packets()).toBeGreaterThan(0);
    expect((await closings(cluster))[0]?.reason).toMatch(/silent for 5 s|session/);
    await expectSame();
    await times();
  });
});
