import { expect } from 'vitest';
import { compareRuns, endWell, type TestCluster } from './cluster.js';
import type { Asked } from './configs.js';
import { countTo, trained } from './run-files.js';

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
  const one = { ...asked, trainers: 1, steps: step };
  const undisturbed = await trained(`${cluster.directory}-undisturbed`, one);
  const hashes = new Map([[step, undisturbed.weightsHash]]);
  await compareRuns(cluster.directory, { ...undisturbed, asked: one, hashes });
  const shown = cluster.reported.flatMap(({ row }) => (row ? [row.step] : []));
  if (goesBack) expect(shown.length).toBeGreaterThanOrEqual(step);
  else expect(shown).toEqual(countTo(step));
}
