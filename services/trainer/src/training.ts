import type { Gan } from '@gan-train/gan';
import type { Faults, Logger, RunConfig } from '@gan-train/service';
import type { CommCalls, StateSnapshot } from './comm-calls.js';
import type { Control } from './control.js';
import { createStepProfile, type StepProfile } from './profile.js';
import type { Network, TrainerState } from './state.js';
import type { Caller } from './thread-calls.js';

/** What a trainer has from generation to generation. */
export interface Training {
  config: RunConfig;
  gan: Gan;
  comm: Caller<CommCalls>;
  control: Control;
  log: Logger;
  state: TrainerState;
  faults: Faults;
  /** For the state that this trainer takes over before its first phase. */
  room: SharedArrayBuffer | undefined;
  spare: Record<Network, Map<number, Float32Array>>;
  profile: StepProfile;
  /** Seconds that the last shards took. */
  shardSeconds: number[];
  /** When the last checkpoint was taken, on the monotonic clock. */
  checkpointAtMs: number;
  /** Uploads under way; the next of a kind waits for the one before. */
  uploads: Map<StateSnapshot['purpose'], { done: Promise<void>; data: SharedArrayBuffer }>;
}

export function createTraining(
  parts: Pick<Training, 'config' | 'gan' | 'comm' | 'control' | 'log' | 'state' | 'faults' | 'room'>,
): Training {
  return {
    ...parts,
    spare: { generator: new Map(), discriminator: new Map() },
    profile: createStepProfile(),
    shardSeconds: [],
    checkpointAtMs: performance.now(),
    uploads: new Map(),
  };
}

/** Says something to the communication thread that nobody waits for: the next call that is waited for finds out if it is gone. */
export function tell<Name extends keyof CommCalls & string>(
  { comm, log }: Training,
  name: Name,
  request: Parameters<CommCalls[Name]>[0],
): void {
  comm.call(name, request).catch((error: unknown) => log.debug({ err: error, call: name }, 'not heard'));
}
