import { join } from 'node:path';
import type { Fault, FaultPoint } from '@gan-train/service';
import { describe, expect, it } from 'vitest';
import {
  directoryOfTests,
  expectFired,
  expectSameRun,
  startTestCluster,
  tinyDcgan,
  type Asked,
} from '../support/index.js';

const directory = directoryOfTests();
const asked: Asked = { ...tinyDcgan, bucketKiB: 6, steps: 150, sampleEvery: 20, guardEvery: 10 };

let made = 0;
const start = async (trainers: number, more: { faults?: Record<number, readonly Fault[]>; asked?: Asked } = {}) =>
  startTestCluster({
    asked: { ...asked, trainers, ...more.asked },
    out: join(directory, `run-${++made}`),
    trainers,
    ...(more.faults && { faults: more.faults }),
  });

describe('a trainer that is killed', () => {
  it.each<FaultPoint>(['beforeSend', 'midReduce', 'afterReduce', 'afterUpdate'])(
    '%s: the others go on, it comes back, and nothing shows in the run',
    async (point) => {
      const cluster = await start(3, { faults: { 1: [{ point, step: 20, phase: 1, action: 'kill' }] } });
      const { members } = await cluster.untilGeneration(2);
      expect(members).toHaveLength(2);
      const again = await cluster.untilGeneration(3);
      expect(again.members).toHaveLength(3);
      await expectSameRun(cluster, asked, directory);
      await expectFired(cluster, 1, `kill at ${point}`);
    },
  );
});
