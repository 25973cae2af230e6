import type { ErrorCode } from '@gan-train/service';
import type { GenerationId, Position, Triple } from '@gan-train/rpc';

/** What decisions see: plain data, changed only by run-core.ts. */

export type Activity =
  'ACTIVITY_UNSPECIFIED' | 'IDLE' | 'COMPUTING' | 'WAITING_PEER' | 'WAITING_DATA' | 'COMPILING' | 'HEALING';

export interface ProgressView {
  activity: Activity;
  position: Position;
  shardsDone: number;
  /** Monotonic; since when it is at this position with this activity. */
  sinceMs: number;
  /** Median of its last shards; 0 when unknown. */
  shardSeconds: number;
  /** Incarnations that it waits for. */
  waitingFor: readonly string[];
  /** Incarnations that don't answer it, and since when it says so. */
  unreachable: ReadonlyMap<string, number>;
}

export interface TrainerView {
  /** Random, new for every life of a trainer in a run. */
  incarnation: string;
  address: string;
  /** Joined it has said hello; idle it stands still, with `state`; running it computes in `generation`; drained it stands at the end. */
  status: 'joined' | 'idle' | 'running' | 'drained';
  /** The generation that it is in, or was in last. */
  generation: GenerationId | undefined;
  /** Of its last commit, as far as is known; exact while it stands still. */
  state: Triple;
  /** It was told to end, and waits to be let go. */
  leaving: boolean;
  /** Monotonic; when its last message came. */
  heardAtMs: number;
  progress: ProgressView;
  /** Whether it and the members of a generation reach each other, once that was asked. */
  probe:
    { generation: GenerationId; sinceMs: number; unreachable: readonly string[] | undefined } | undefined;
}

export interface MemberView {
  incarnation: string;
  address: string;
  firstShard: number;
  shardCount: number;
  /** It has the state that the generation starts from. */
  holds: boolean;
}

export type Stage =
  /**
   * Nobody computes: waits for what a generation needs. At first that is every trainer that is wanted; later those that there are.
   * After a restart of the coordinator trainers may still compute in the generation that it found: they are closed first.
   */
  | { name: 'gathering'; sinceMs: number; first: boolean }
  | { name: 'running'; sinceMs: number }
  /** Members end the generation: after a phase that they agree on, or at once. */
  | { name: 'closing'; sinceMs: number; atOnce: boolean; reason: string }
  /** A trainer that stands still sends its state, before something that would lose it. */
  | { name: 'saving'; sinceMs: number; by: string; reason: string; then: 'gather' | End }
  | { name: 'over' };

export interface End {
  status: 'finished' | 'stopped' | 'failed';
  code: ErrorCode | 'none';
  reason: string;
}

/** Trainers whose states differ at one position. */
export interface Mismatch {
  position: Position;
  /** Those that differ from most. */
  suspects: readonly string[];
}

export interface RunView {
  stage: Stage;
  /** In order of arrival. */
  trainers: readonly TrainerView[];
  /** The last generation that was started, perhaps by a coordinator before this one. */
  generation: { id: GenerationId; members: readonly MemberView[] };
  /** Trainers that the run wants. */
  wanted: number;
  stopRequested: boolean;
  /** The state that a trainer can get from here: the newest checkpoint's, else the initial one. */
  stored: Triple;
  isStoredInitial: boolean;
  /** Rows up to this step are stored. */
  rowsStep: number;
  /** Step of the final checkpoint, once that is stored. */
  finalStep: number | undefined;
  /** The step up to which there were rows when this coordinator began: nothing starts behind it for a while. */
  knownStep: number;
  /** Members of the generation that are gone, and why, in words. */
  lost: readonly { incarnation: string; address: string; reason: string }[];
  /** Replicas that should be equal are not; the next generation starts from what is stored. */
  mismatch: Mismatch | undefined;
  /** Where the last return to what is stored began: a second mismatch before a newer checkpoint ends the run. */
  returnedTo: Triple | undefined;
  /** Members stopped because so many updates in a row could not be applied. */
  skippedInRow: number;
  /** By address: when a trainer that was evicted again and again may come back. */
  quarantine: ReadonlyMap<string, number>;
}

export interface RunOptions {
  minTrainers: number;
  steps: number;
  exact: boolean;
  /** How long a run with too few trainers waits for more. */
  joinMs: number;
  /** A trainer that says nothing for so long is lost. */
  silenceMs: number;
  /** How long members may take to answer `prepare`. */
  closeMs: number;
  saveMs: number;
  /** How long trainers may take to come back to a coordinator that was away, before it goes on without them. */
  returnMs: number;
  /** How long a coordinator waits for the position that it knows of, before it starts behind it. */
  rollbackMs: number;
}

export type Source = 'HOLDERS' | 'CHECKPOINT' | 'INITIAL';

export type Decision =
  | { action: 'wait'; reason: string }
  /** The generation's members answered: what is next is decided anew. */
  | { action: 'gather'; reason: string }
  /** `members` in rank order; `holders` have the state that it starts from. */
  | {
      action: 'start';
      members: readonly string[];
      state: Triple;
      source: Source;
      holders: readonly string[];
      reason: string;
    }
  /** It says nothing, or does nothing: from now on it is gone. */
  | { action: 'evict'; incarnation: string; reason: string; kind: 'silence' | 'deadline' | 'partition' }
  | { action: 'close'; atOnce: boolean; reason: string }
  | { action: 'probe'; incarnation: string; reason: string }
  | { action: 'save'; by: string; reason: string; then: 'gather' | End }
  /** A trainer that wants to leave may. */
  | { action: 'release'; incarnation: string; reason: string }
  | ({ action: 'end' } & End);

const keyOfPosition = ({ position: { step, phase } }: Triple): number[] => [step, phase];
const keyOfGeneration = ({ generation: { term, n } }: Triple): number[] => [term, n];

function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((value, at) => value !== b[at]);
  return i < 0 ? 0 : (a[i] as number) - (b[i] as number);
}

/**
 * Which of two states a run goes on from: with exact numerics the further position, else the later generation of the
 * last commit, then the position (Raft's rule, section 5.4 of the Raft paper).
 */
export function isFurther(a: Triple, b: Triple, exact: boolean): boolean {
  const keys = exact ? [keyOfPosition, keyOfGeneration] : [keyOfGeneration, keyOfPosition];
  for (const key of keys) {
    const order = compare(key(a), key(b));
    if (order !== 0) return order > 0;
  }
  return false;
}

export const nameOfTrainer = ({ address }: { address: string }): string => `trainer ${address}`;

export const nameOfPosition = ({ step, phase }: Position): string =>
  `step ${step} ${phase === 0 ? 'd' : 'g'}`;

export const nameOfActivity = (activity: Activity): string => activity.toLowerCase().replace('_', ' ');
