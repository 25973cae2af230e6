import { expect } from 'vitest';
import { compareRuns, endWell, expectShown, type Reference, type TestCluster } from './cluster.js';
import type { Asked } from './configs.js';
import { trained } from './run-files.js';

/** Trains one trainer on its own to a step that a run has reached: what that run is to be compared with. */
export async function trainUndisturbed(run: string, asked: Asked, step: number): Promise<Reference> {
  const one = { ...asked, trainers: 1, steps: step };
  const undisturbed = await trained(`${run}-undisturbed`, one);
  return { ...undisturbed, asked: one, hashes: new Map([[step, undisturbed.weightsHash]]) };
}

/**
 * Ends a run wherever it is, trains one trainer on its own to the same step, and fails unless what both leave is the same, byte for
 * byte but for speeds. Whoever watched has seen each row once and in order, unless the run `goesBack` to a checkpoint.
 */
export async function expectUndisturbed(
  cluster: TestCluster,
  asked: Asked,
  { goesBack = false } = {},
): Promise<void> {
  const { step, status } = await endWell(cluster);
  expect(status).toBe('stopped');
  await compareRuns(cluster.directory, await trainUndisturbed(cluster.directory, asked, step));
  expectShown(cluster, step, goesBack);
}
