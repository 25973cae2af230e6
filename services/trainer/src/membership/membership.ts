import {
  completeStep,
  isSameGeneration,
  noGeneration,
  type GenerationId,
  type LossRow,
  type SessionDown__Output,
  type SessionUp,
  type Start,
  type Triple,
} from '@gan-train/rpc';
import { tripleFromMessage } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';

/**
 * What a trainer does about what its coordinator says and what happens to it: joining, closing and opening generations, keeping
 * what isn't confirmed, looking for a coordinator that is gone. No I/O and no clock of its own: what it decides it does through
 * `TrainerActions`.
 */

type Down = SessionDown__Output;
type Message<Name extends NonNullable<Down['message']>> = NonNullable<Down[Name]>;
export type Config = Message<'config'>;
export type Probe = Message<'probe'>;

export interface TrainerActions {
  /** Opens a session after a while: `connected` or `disconnected` follows. */
  connect(afterMs: number): void;
  /** Ends the session: nothing of it is heard any more. */
  disconnect(): void;
  send(message: SessionUp): void;
  /** A new incarnation for this trainer. */
  renew(): string;
  /** The coordinator has taken this trainer for the first time: it makes itself ready. */
  prepare(config: Config): void;
  /** A generation begins: whatever was open is closed before. */
  open(start: Start): void;
  /** Nothing commits any more, and nothing is served; or, with `serving`, what is there is served on. */
  close(serving: boolean): void;
  /** Of the last commit. After `close` it stays what it is. */
  committed(): Triple;
  wish(what: 'stop' | 'pause'): void;
  saveState(generation: GenerationId): void;
  gridStored(step: number): void;
  /** What is beyond a step is computed again. */
  forgetAfter(step: number): void;
  probe(probe: Probe): void;
  done(reason: string): void;
  fail(error: GanTrainError): void;
}

export interface MembershipOptions {
  address: string;
  hello: Pick<NonNullable<SessionUp['hello']>, 'protocol' | 'engines' | 'pid' | 'host' | 'podUid'>;
  /** How long a coordinator is looked for before the first time. */
  connectMs: number;
}

/** What a trainer has found out about itself by the time that it is ready. */
export interface Readiness {
  probeHash: string;
  engine: string;
  /** How long a coordinator that is gone is looked for. */
  reconnectMs: number;
}

export interface Membership {
  readonly incarnation: string;
  /** What the last coordinator said; undefined before. */
  readonly config: Config | undefined;
  readonly rows: readonly LossRow[];
  /** The generation that commits are made in. */
  readonly open: GenerationId | undefined;
  /** The last one that was opened here; what is sent to the coordinator belongs to it. */
  readonly generation: GenerationId | undefined;
  /** A coordinator hears this trainer; it may not have taken it yet. */
  readonly hasSession: boolean;
  /** The coordinator has taken this trainer, and knows what it holds. */
  readonly isConnected: boolean;
  start(nowMs: number): void;
  connected(): void;
  disconnected(nowMs: number, error: GanTrainError): void;
  heard(nowMs: number, down: Down): void;
  ready(readiness: Readiness): void;
  addRow(row: LossRow): void;
  /** The members agreed to end the generation after the last commit. */
  halted(): void;
  drained(skippedInRow: number): void;
  hashed(state: Triple, hash: string): void;
  probed(probe: Probe, unreachable: string[]): void;
  /** This trainer was told to end. */
  leave(graceSeconds: number): void;
  failed(code: string, message: string): void;
}

const firstBackoffMs = 100;
const longestBackoffMs = 2_000;

export function createMembership(options: MembershipOptions, actions: TrainerActions): Membership {
  let incarnation = actions.renew();
  let config: Config | undefined;
  let readiness: Readiness | undefined;
  let term = 0;
  let generation: GenerationId | undefined;
  let isOpen = false;
  let rows: LossRow[] = [];
  /** Of the session: a coordinator that has taken this trainer hears of what happens. One that was heard has said its term. */
  let standing: 'away' | 'greeting' | 'heard' | 'joined' = 'away';
  let awaySinceMs = 0;
  let backoffMs = firstBackoffMs;
  let leaving: number | undefined;
  let lastHash: { state: Triple; hash: string } | undefined;
  let isOver = false;

  const tell = (message: SessionUp): void => {
    if (standing === 'joined') actions.send(message);
  };

  function close(serving: boolean): void {
    isOpen &&= serving;
    actions.close(serving);
    isOpen = false;
  }

  function sendReady({ probeHash, engine }: Readiness): void {
    standing = 'joined';
    const { identityHash } = config as Config;
    const open = isOpen ? generation : undefined;
    actions.send({
      ready: {
        identityHash,
        probeHash,
        engine,
        state: actions.committed(),
        rows,
        ...(open && { generation: open }),
      },
    });
    // A coordinator that was started since doesn't know of it.
    if (lastHash !== undefined) actions.send({ stateHash: lastHash });
    if (leaving !== undefined) actions.send({ leave: { graceSeconds: leaving } });
  }

  function taken(nowMs: number, said: Config): void {
    if (said.term < term) {
      // An old coordinator that woke up: it must not be listened to.
      actions.disconnect();
      away(nowMs, new GanTrainError('fenced', `the coordinator has term ${said.term}, and ${term} was seen`));
      return;
    }
    if (config !== undefined && (said.runId !== config.runId || said.identityHash !== config.identityHash)) {
      fail(new GanTrainError('refused', 'the coordinator has another run now', 'start this trainer anew'));
      return;
    }
    term = said.term;
    backoffMs = firstBackoffMs;
    const isFirst = config === undefined;
    config = said;
    standing = 'heard';
    if (isOpen && !isSameGeneration(said.generation, generation)) close(false);
    if (readiness !== undefined) sendReady(readiness);
    else if (isFirst) actions.prepare(said);
  }

  function away(nowMs: number, error: GanTrainError): void {
    if (isOver) return;
    if (standing !== 'away' || awaySinceMs === 0) awaySinceMs = nowMs;
    standing = 'away';
    const limitMs = readiness?.reconnectMs ?? options.connectMs;
    if (nowMs - awaySinceMs > limitMs) {
      const what = `no coordinator answered for ${limitMs / 1000} s: ${error.what}`;
      fail(new GanTrainError('coordinator_lost', what, 'check --coordinator, and whether it runs'));
      return;
    }
    actions.connect(backoffMs);
    backoffMs = Math.min(2 * backoffMs, longestBackoffMs);
  }

  function fail(error: GanTrainError): void {
    isOver = true;
    actions.fail(error);
  }

  function begin(start: Start): void {
    const started = start.generation ?? noGeneration;
    if (started.term < term) return;
    if (!start.members.some((member) => member.incarnation === incarnation)) {
      fail(new GanTrainError('protocol', 'a generation was started here without this trainer'));
      return;
    }
    const last = completeStep(tripleFromMessage(start.state).position);
    rows = rows.filter((row) => row.step <= last);
    actions.forgetAfter(last);
    generation = started;
    isOpen = true;
    actions.open(start);
  }

  function heard(nowMs: number, down: Down): void {
    if (down.config) taken(nowMs, down.config);
    else if (down.refused) refused(nowMs, down.refused);
    else if (down.start) begin(down.start);
    else if (down.prepare) {
      // Of another generation than the open one: that is over, or an old message.
      if (isOpen && !isSameGeneration(down.prepare.generation, generation)) return;
      close(false);
      tell({ prepared: { generation: down.prepare.generation, state: actions.committed(), rows } });
    } else if (down.pause) {
      if (isOpen && isSameGeneration(down.pause.generation, generation)) actions.wish('pause');
    } else if (down.stop) actions.wish('stop');
    else if (down.saveState) actions.saveState(down.saveState.generation ?? noGeneration);
    else if (down.rowsStored) {
      const { step, gridStep } = down.rowsStored;
      rows = rows.filter((row) => row.step > step);
      if (gridStep > 0) actions.gridStored(gridStep);
    } else if (down.probe) actions.probe(down.probe);
    else if (down.done) {
      isOver = true;
      close(false);
      actions.done(down.done.reason);
    }
  }

  function refused(nowMs: number, { code, message }: Message<'refused'>): void {
    if (code !== 'fenced') {
      fail(new GanTrainError('refused', `the coordinator refused this trainer: ${message}`));
      return;
    }
    // Its place was given to others while it was away: it keeps its state, and joins as a new one.
    close(false);
    incarnation = actions.renew();
    actions.disconnect();
    backoffMs = firstBackoffMs;
    away(nowMs, new GanTrainError('fenced', message));
  }

  return {
    get incarnation() {
      return incarnation;
    },
    get config() {
      return config;
    },
    get rows() {
      return rows;
    },
    get open() {
      return isOpen ? generation : undefined;
    },
    get generation() {
      return generation;
    },
    get hasSession() {
      return standing !== 'away';
    },
    get isConnected() {
      return standing === 'joined';
    },
    start(nowMs) {
      awaySinceMs = nowMs;
      actions.connect(0);
    },
    connected() {
      standing = 'greeting';
      const runId = config?.runId ?? '';
      actions.send({ hello: { ...options.hello, address: options.address, incarnation, runId } });
    },
    disconnected(nowMs, error) {
      away(nowMs, error);
    },
    heard(nowMs, down) {
      if (!isOver) heard(nowMs, down);
    },
    ready(found) {
      readiness = found;
      // Else with the config of the next session: whoever is there by then may be another coordinator.
      if (standing === 'heard') sendReady(found);
    },
    addRow: (row) => void rows.push(row),
    halted() {
      if (!isOpen || generation === undefined) return;
      // Peers may still need what this member has of the last phase.
      close(true);
      tell({ prepared: { generation, state: actions.committed(), rows } });
    },
    drained(skippedInRow) {
      // There is nothing left to commit; peers may still need what this member has.
      close(true);
      tell({ drained: { generation: generation ?? null, state: actions.committed(), rows, skippedInRow } });
    },
    hashed(state, hash) {
      lastHash = { state, hash };
      tell({ stateHash: lastHash });
    },
    probed: ({ generation: asked }, unreachable) => tell({ probed: { generation: asked, unreachable } }),
    leave(graceSeconds) {
      leaving = graceSeconds;
      tell({ leave: { graceSeconds } });
    },
    failed: (code, message) => tell({ failed: { code, message } }),
  };
}
