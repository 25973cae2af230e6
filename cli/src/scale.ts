import { askCoordinator } from './coordinator-of.js';
import { mostTrainers } from '@gan-train/service';
import { wholeNumber } from './numbers.js';

/** `gan-train scale`: how many trainers a run that is alive is to have. Returns the exit code. */
export async function scale(trainers: string, run: string | undefined): Promise<number> {
  const wanted = wholeNumber('trainers', trainers, 1, mostTrainers);
  const { before } = await askCoordinator<object, { before: number }>(run, 'Scale', {
    runId: '',
    trainers: wanted,
  });
  const plural = wanted === 1 ? '' : 's';
  process.stdout.write(
    `${wanted} trainer${plural} wanted, ${before} before; gan-train status shows them come and go\n`,
  );
  return 0;
}
