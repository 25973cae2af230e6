import { describe, expect, it } from 'vitest';
import { said, until, type TestCluster } from '../support/index.js';
import type { Lab, NetworkFault } from './lab.js';
import { labStarter, untilCoordinatorSays, untilMembers } from './lab-cluster.js';
import { beginFault } from './times.js';

const start = labStarter();
const trainers = [0, 1, 2];

const untilAllAlone = async (cluster: TestCluster): Promise<void> =>
  void (await until('trainers that all give the session up', async () => {
    const lines = trainers.map(async (i) => said(cluster, i, 'no session with the coordinator'));
    return (await Promise.all(lines)).every(({ length }) => length > 0) || undefined;
  }));

describe('a coordinator', () => {
  it('that is cut from all trainers for longer than anyone waits: they go on, and all is stored once when they are back', async () => {
    const { lab, cluster, expectSame } = await start();
    const { begun: cut, times } = beginFault(cluster, 'the coordinator, cut from all trainers', () =>
      lab.isolate('coordinator'),
    );
    await untilAllAlone(cluster);
    const before = cluster.lastStep();
    cut.heal();
    expect((await cluster.untilGeneration(2)).members.length).toBeGreaterThan(0);
    // They had items for many steps: what they did alone is stored now.
    expect(cluster.lastStep()).toBeGreaterThan(before);
    await untilMembers(cluster, 3);
    expect(cut.packets()).toBeGreaterThan(0);
    await expectSame();
    await times();
  });

  it('whose answers get lost amid rows, grids and states that are sent to it: all is stored once and whole', async () => {
    const { lab, cluster, expectSame } = await start({ checkpointSeconds: 0, sampleEvery: 5 });
    const isCheckpoint = ({ msg }: Record<string, unknown>): boolean => msg === 'checkpoint stored';
    await untilCoordinatorSays(cluster, 'that it stores', isCheckpoint);
    const { begun: lost, times } = beginFault(cluster, "the coordinator's answers get lost", () =>
      loseAnswers(lab),
    );
    await untilAllAlone(cluster);
    heal(lost);
    await cluster.untilGeneration(2);
    await untilMembers(cluster, 3);
    await untilCoordinatorSays(cluster, 'that it stores', isCheckpoint, Date.now());
    await expectSame();
    await times();
  });
});

const loseAnswers = (lab: Lab): NetworkFault[] => trainers.map((i) => lab.loseAnswers('coordinator', i));

function heal(faults: readonly NetworkFault[]): void {
  for (const fault of faults) {
    expect(fault.packets()).toBeGreaterThan(0);
    fault.heal();
  }
}
