import { askCoordinator } from './coordinator-of.js';
import { mostTrainers, plural } from '@gan-train/service';
import { wholeNumber } from './numbers.js';

/** `gan-train scale`: how many trainers a run that is alive is to have. Returns the exit code. */
export async function scale(
  trainers: string,
  run: string | undefined,
  tlsDir: string | undefined,
): Promise<number> {
  const wanted = wholeNumber('trainers', trainers, 1, mostTrainers);
  const { before } = await askCoordinator<object, { before: number }>({ run, tlsDir }, 'Scale', {
    runId: '',
    trainers: wanted,
  });
  process.stdout.write(
    `${plural(wanted, 'trainer')} wanted, ${before} before; gan-train status shows them come and go\n`,
  );
  return 0;
}
