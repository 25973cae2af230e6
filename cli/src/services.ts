import type { CoordinatorOptions } from '@gan-train/coordinator';
import { faultsFromText, faultsVariable, GanTrainError } from '@gan-train/service';
import { wholeNumber } from './numbers.js';

/** The environment variable that says which Kubernetes pod this is. */
const podUidVariable = 'POD_UID';

export interface TrainerFlags {
  coordinator?: string;
  listen?: string;
  advertise?: string;
  httpPort?: string;
  tlsDir?: string;
  graceSeconds?: string;
  connectSeconds?: string;
  stay?: boolean;
}

/** `gan-train coordinator`: 0 when the run finished or was stopped with a checkpoint, or goes on without this process; else an error. */
export async function coordinator(options: CoordinatorOptions, signal: AbortSignal): Promise<number> {
  // Each service is loaded where it runs: the coordinator's image has no engine for trainers.
  const { coordinatorMain } = await import('@gan-train/coordinator');
  const outcome = await coordinatorMain(options, signal);
  if (outcome?.status !== 'failed') return 0;
  const code = outcome.code === 'none' ? 'internal' : outcome.code;
  const todo = outcome.step > 0 ? `step ${outcome.step} is kept: go on with --resume` : undefined;
  throw new GanTrainError(code, outcome.reason, todo);
}

/** `gan-train trainer`: 0 when the coordinator said done, or when it was drained. */
export async function trainer(flags: TrainerFlags, signal: AbortSignal): Promise<number> {
  const { trainerMain } = await import('@gan-train/trainer');
  await trainerMain(
    {
      coordinator: flags.coordinator ?? '',
      listen: flags.listen ?? '',
      advertise: flags.advertise,
      tlsDir: flags.tlsDir,
      httpPort: wholeNumber('--http-port', flags.httpPort ?? '0', 0, 65_535),
      podUid: process.env[podUidVariable] ?? '',
      stay: flags.stay === true,
      connectSeconds: wholeNumber('--connect-seconds', flags.connectSeconds ?? '60', 1, 31_536_000),
      graceSeconds: wholeNumber('--grace-seconds', flags.graceSeconds ?? '25', 0, 86_400),
      faults: faultsFromText(process.env[faultsVariable]),
    },
    signal,
  );
  return 0;
}
