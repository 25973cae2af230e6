import { describe, expect, it } from 'vitest';
import { closings } from '../support/index.js';
import { labStarter, untilCoordinatorSays, untilMembers } from './lab-cluster.js';
import { beginFault } from './times.js';

const start = labStarter();

describe('two trainers that both reach the coordinator', () => {
  it.each([
    ['are cut from each other', 'both'],
    ['are cut in one direction', 'oneWay'],
  ] as const)(
    '%s: the largest set stays whose members all reach each other, until all do',
    async (what, ways) => {
      const { lab, cluster, expectSame } = await start();
      const { begun: cut, times } = beginFault(cluster, `two trainers ${what}`, () => lab.cut(1, 2, ways));
      expect((await cluster.untilGeneration(2)).members).toHaveLength(2);
      // The one that was left out asks for its place, and doesn't get it while it can't reach all.
      await untilCoordinatorSays(cluster, 'that it probes', ({ action }) => action === 'probe');
      await cluster.untilStep(cluster.lastStep() + 50);
      cut.heal();
      // One generation without it, and one with it: nobody is evicted again and again.
      expect(await untilMembers(cluster, 3)).toBe(3);
      expect(cut.packets()).toBeGreaterThan(0);
      expect((await closings(cluster))[0]?.reason).toContain("can't reach each other");
      await expectSame();
      await times();
    },
  );
});
