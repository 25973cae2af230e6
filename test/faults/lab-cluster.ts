import { afterEach } from 'vitest';
import {
  clusterStarter,
  directoryOfTests,
  endClusters,
  endless,
  expectUndisturbed,
  logLines,
  tinyDcgan,
  until,
  type Asked,
  type TestCluster,
} from '../support/index.js';
import { createLab, type Lab } from './lab.js';

/** Seconds pass before some faults are noticed: the run ends where the test ends it. */
export const labConfig: Asked = {
  ...tinyDcgan,
  bucketKiB: 4,
  steps: endless,
  sampleEvery: 100,
  guardEvery: 10,
};

/** Starts clusters whose members have a network between them, one for each test of a file. */
export function labStarter() {
  const start = clusterStarter(directoryOfTests(), labConfig);
  let lab: Lab | undefined;
  afterEach(async () => {
    await endClusters();
    lab?.close();
    lab = undefined;
  });
  return async (
    change: Asked = {},
    prepare: (lab: Lab) => void = () => undefined,
  ): Promise<{ lab: Lab; cluster: TestCluster; expectSame: () => Promise<void> }> => {
    const made = createLab(3);
    lab = made;
    prepare(made);
    const cluster = await start(3, change, { placeOf: (member) => made.placeOf(member) });
    await cluster.untilStep(10);
    return {
      lab: made,
      cluster,
      expectSame: async () => expectUndisturbed(cluster, { ...labConfig, ...change }),
    };
  };
}

/** Waits until so many members are at work in the newest generation, and says how many generations that took. */
export async function untilMembers(cluster: TestCluster, members: number): Promise<number> {
  return until(
    `a generation of ${members}`,
    () => {
      const generations = cluster.reported.flatMap(({ generation }) => generation ?? []);
      const isSo = generations.length > 1 && generations.at(-1)?.members.length === members;
      return isSo ? generations.length : undefined;
    },
    90_000,
  );
}

/** Waits until the coordinator's log has a line that fits, written at `sinceMs` or later. */
export async function untilCoordinatorSays(
  cluster: TestCluster,
  what: string,
  fits: (line: Record<string, unknown>) => boolean,
  sinceMs = 0,
): Promise<Record<string, unknown>> {
  return until(
    `a coordinator that says ${what}`,
    async () =>
      (await logLines(cluster.directory, 'coordinator.log')).find(
        (line) => Date.parse(String(line.time)) >= sinceMs && fits(line),
      ),
    60_000,
  );
}
