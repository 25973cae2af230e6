import type { GenerationId, Position, SessionDown, Triple } from '@gan-train/rpc';
import type { Activity, Decision, End, MemberView } from './view.js';

/** What happens to a run. Times are monotonic milliseconds. */
export type Input =
  | { kind: 'tick' }
  | { kind: 'joined'; incarnation: string; address: string }
  /** `generation` is the one that it still computes in. */
  | { kind: 'ready'; incarnation: string; state: Triple; generation: GenerationId | undefined }
  | { kind: 'progress'; incarnation: string; progress: ProgressInput }
  | { kind: 'prepared'; incarnation: string; generation: GenerationId; state: Triple }
  | { kind: 'drained'; incarnation: string; state: Triple; skippedInRow: number }
  | { kind: 'leave'; incarnation: string }
  | { kind: 'probed'; incarnation: string; generation: GenerationId; unreachable: readonly string[] }
  | { kind: 'hash'; incarnation: string; state: Triple; hash: string }
  | { kind: 'lost'; incarnation: string; reason: string; how: 'session' | 'failed' | 'pod' }
  | { kind: 'rowsStored'; step: number }
  | { kind: 'checkpointStored'; state: Triple; final: boolean }
  /** What can't be stored ends a run that waits for it. */
  | { kind: 'finalNotStored'; code: End['code']; reason: string }
  | { kind: 'stop' }
  | { kind: 'scale'; trainers: number };

export interface ProgressInput {
  generation: GenerationId;
  activity: Activity;
  position: Position;
  shardsDone: number;
  shardSeconds: number;
  state: Triple;
  /** Ranks. */
  waitingFor: readonly number[];
  unreachable: readonly number[];
}

/** What is to be done about it, in this order. */
export type Effect =
  | { kind: 'send'; to: string; message: SessionDown }
  | { kind: 'endSession'; to: string }
  /** On disk before anything that follows. */
  | { kind: 'saveGeneration'; id: GenerationId; members: readonly MemberView[] }
  /** Rows and grids beyond the step are dropped: they are computed again. */
  | { kind: 'rewind'; step: number }
  | { kind: 'over'; end: End }
  | { kind: 'noted'; note: Note };

/** For logs, metrics and whoever watches. */
export type Note =
  | { name: 'decided'; action: Decision['action']; reason: string }
  | {
      name: 'started';
      id: GenerationId;
      position: Position;
      members: readonly MemberView[];
      healing: number;
      reason: string;
    }
  | { name: 'closed'; atOnce: boolean; reason: string }
  | { name: 'lost'; incarnation: string; address: string; how: LossKind; reason: string; wasMember: boolean }
  | { name: 'released'; incarnation: string; address: string; reason: string }
  | { name: 'stalled'; seconds: number; reason: string }
  | { name: 'mismatch'; position: Position };

export type LossKind = 'session' | 'failed' | 'pod' | 'silence' | 'deadline' | 'partition';
