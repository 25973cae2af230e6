import type { Gan } from '@gan-train/gan';
import type { Logger, RunConfig } from '@gan-train/service';
import type { CheckpointUpload, CommCalls } from './comm-calls.js';
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
  spare: Record<Network, Map<number, Float32Array>>;
  profile: StepProfile;
  /** When the last checkpoint was taken, on the monotonic clock. */
  checkpointAtMs: number;
  /** Uploads under way; the next of a kind waits for the one before. */
  uploads: Map<CheckpointUpload['purpose'], { done: Promise<void>; data: SharedArrayBuffer }>;
}

export function createTraining(
  parts: Pick<Training, 'config' | 'gan' | 'comm' | 'control' | 'log' | 'state'>,
): Training {
  return {
    ...parts,
    spare: { generator: new Map(), discriminator: new Map() },
    profile: createStepProfile(),
    checkpointAtMs: performance.now(),
    uploads: new Map(),
  };
}
