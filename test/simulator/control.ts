import type { State } from './state.js';

/** As services/trainer/src/control.ts: what the two threads of a trainer must agree on. Serial 0 means that no generation is open. */
export interface Control {
  serial: number;
  state: State;
  stopWished: boolean;
  pauseWished: boolean;
  activity: 'IDLE' | 'COMPUTING' | 'WAITING_PEER' | 'WAITING_DATA' | 'COMPILING' | 'HEALING';
  /** Since when it does that. */
  sinceMs: number;
  step: number;
  phase: number;
  shardsDone: number;
  shardSeconds: number;
}

export const createControl = (state: State): Control => ({
  serial: 0,
  state,
  stopWished: false,
  pauseWished: false,
  activity: 'COMPILING',
  sinceMs: 0,
  step: 0,
  phase: 0,
  shardsDone: 0,
  shardSeconds: 0,
});
