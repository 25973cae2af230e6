import { coordinatorMain, type CoordinatorOptions } from '@gan-train/coordinator';
import { faultsFromText, faultsVariable, GanTrainError } from '@gan-train/service';
import { trainerMain } from '@gan-train/trainer';
import { wholeNumber } from './numbers.js';

/** `gan-train coordinator`: 0 when the run finished or was stopped with a checkpoint, else an error. */
export async function coordinator(options: CoordinatorOptions, signal: AbortSignal): Promise<number> {
  const outcome = await coordinatorMain(options, signal);
  if (outcome.status !== 'failed') return 0;
  const code = outcome.code === 'none' ? 'internal' : outcome.code;
  const todo = outcome.step > 0 ? `step ${outcome.step} is kept: go on with --resume` : undefined;
  throw new GanTrainError(code, outcome.reason, todo);
}

/** `gan-train trainer`: 0 when the coordinator said done, or when it was drained. */
export async function trainer(flags: Record<string, string>, signal: AbortSignal): Promise<number> {
  await trainerMain(
    {
      coordinator: flags.coordinator ?? '',
      listen: flags.listen ?? '',
      advertise: flags.advertise,
      tlsDir: flags.tlsDir,
      httpPort: wholeNumber('http-port', flags.httpPort ?? '0', 0, 65_535),
      graceSeconds: wholeNumber('grace-seconds', flags.graceSeconds ?? '25', 0, 86_400),
      faults: faultsFromText(process.env[faultsVariable]),
    },
    signal,
  );
  return 0;
}
