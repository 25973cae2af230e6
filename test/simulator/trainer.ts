import { createMembership, type Membership, type TrainerActions } from '@gan-train/trainer/membership';
import { noGeneration, type LossRow, type SessionDown, type SessionUp, type Start } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { call } from './call.js';
import { createCompute } from './compute.js';
import { createControl, type Control } from './control.js';
import { openGeneration, type OpenGeneration } from './generation.js';
import type { Process } from './process.js';
import { initialState, type Place } from './state.js';
import type { Stream } from './stream.js';
import type { World } from './world.js';

const progressMs = 1_000;
const rowsMs = 200;
const graceMs = 60_000;

/** A trainer as a process: its membership, and in place of services/trainer/src/comm/worker.ts the same order of effects. */
export interface Trainer {
  readonly process: Process;
  readonly address: string;
  readonly incarnation: string;
  readonly control: Control;
  readonly membership: Membership;
  /** The last that was opened: what is asked of it is served or fenced. */
  readonly generation: OpenGeneration | undefined;
  /** Highest term that a coordinator told it, and that of the session it has. */
  readonly terms: { highest: number; session: number };
  readonly stream: Stream<SessionUp, SessionDown> | undefined;
  /** A fault of the memory, once, with the next commit. */
  flip: (() => void) | undefined;
  /** Times as long as others. */
  slowness: number;
  shardMs(): number;
  phaseMs(shards: number): number;
  items(open: OpenGeneration, place: Place, got: () => void): void;
  addRow(row: LossRow): void;
  hashed(): void;
  halted(open: OpenGeneration): void;
  drained(open: OpenGeneration): void;
  sendProgress(): void;
  leave(): void;
  end(): void;
}

export function startTrainer(
  world: World,
  { process, address }: { process: Process; address: string },
): Trainer {
  const { clock, random, rules, settings, judge } = world;
  const control = createControl(initialState(settings.seed));
  const terms = { highest: 0, session: 0 };
  let lives = 0;
  let stream: Stream<SessionUp, SessionDown> | undefined;
  let generation: OpenGeneration | undefined;
  let serial = 0;
  let hangMs = 0;
  let isRowsTimed = false;

  const say = (what: () => string): void => world.trace(process.name, what);

  function closeAll(): void {
    control.serial = 0;
    generation?.close();
  }

  /** Attempts, one after the other, as services/trainer/src/comm/session.ts. */
  function connect(afterMs: number): void {
    let isOver = false;
    let hasOpened = false;
    const lose = (): void => {
      if (isOver) return;
      isOver = true;
      terms.session = 0;
      membership.disconnected(clock.nowMs, new GanTrainError('coordinator_lost', 'nobody answers'));
    };
    process.after(afterMs, () => {
      const coordinator = world.coordinator();
      // What is used of this call is that it is answered.
      const end = call<true>(world, process, coordinator?.process, (answer) => answer.reply(true), {
        answered() {
          end();
          if (hasOpened) return;
          hasOpened = true;
          if (coordinator?.process.isAlive !== true) {
            lose();
            return;
          }
          stream = coordinator.connect(process, {
            heard: (down) => (isOver ? undefined : heard(down)),
            closed: lose,
          });
          membership.connected();
        },
        failed: lose,
      });
    });
    disconnectCurrent = () => (isOver = true);
  }
  let disconnectCurrent = (): unknown => undefined;

  function heard(down: SessionDown): void {
    if (down.config) {
      terms.session = down.config.term ?? 0;
      judge.hears(trainer, terms);
    }
    if (down.refused && down.refused.code !== 'fenced')
      judge.fails(`${process.name} was refused: ${down.refused.message}`);
    rules.heard(membership, clock.nowMs, down as Parameters<Membership['heard']>[1], trainer);
  }

  const actions: TrainerActions = {
    connect,
    disconnect() {
      disconnectCurrent();
      stream?.client.end();
      terms.session = 0;
    },
    send: (message) => stream?.client.send(copied(message)),
    renew: () => `${process.name}/${++lives}`,
    prepare: () =>
      process.after(random.chance(0.1) ? random.between(1_000, 5_000) : random.between(100, 600), () => {
        control.activity = 'IDLE';
        compute.begin();
        membership.ready({ probeHash: 'probe', engine: 'simulated', reconnectMs: settings.reconnectMs });
      }),
    open(start: Start) {
      judge.listens(trainer);
      closeAll();
      serial += 1;
      generation = openGeneration(world, { process, start, serial, incarnation: membership.incarnation });
      control.pauseWished = false;
      control.serial = serial;
      say(() => `opens ${generation?.id.term}.${generation?.id.n}, ${generation?.heals ? 'heals' : 'holds'}`);
      compute.push({ kind: 'start', open: generation });
    },
    close(serving) {
      judge.listens(trainer);
      if (rules.commitsWhenClosed) return;
      control.serial = 0;
      if (!serving) generation?.close();
    },
    committed: () => control.state.triple,
    wish(what) {
      if (what === 'stop') control.stopWished = true;
      else control.pauseWished = true;
    },
    saveState(asked) {
      judge.listens(trainer);
      compute.push({ kind: 'saveState', generation: asked });
    },
    gridStored: () => undefined,
    forgetAfter: () => undefined,
    probe(probe) {
      const { members } = probe;
      const unreachable: string[] = [];
      let left = members.length;
      const settle = (incarnation: string | undefined): void => {
        if (incarnation !== undefined) unreachable.push(incarnation);
        left -= 1;
        if (left === 0) membership.probed(probe, unreachable);
      };
      for (const { address: to, incarnation } of members) {
        const end = call<true>(world, process, world.trainerAt(to)?.process, (answer) => answer.reply(true), {
          answered() {
            end();
            settle(undefined);
          },
          failed: () => settle(incarnation),
        });
      }
    },
    done(reason) {
      say(() => `done: ${reason}`);
      compute.push({ kind: 'done' });
    },
    fail(error) {
      say(() => `gives up: ${error.message}`);
      if (error.code !== 'coordinator_lost') judge.fails(`${process.name} gives up: ${error.message}`);
      process.kill();
    },
  };

  function sendProgress(): void {
    if (!membership.hasSession) return;
    const { step, phase, activity, shardsDone, shardSeconds, state } = control;
    stream?.client.send({
      progress: {
        generation: membership.open ?? noGeneration,
        position: { step, phase },
        activity,
        shardsDone,
        shardSeconds,
        state: state.triple,
        rows: membership.isConnected ? membership.rows.slice() : [],
        ...(generation !== undefined && !generation.isClosed
          ? generation.waiting()
          : { waitingFor: [], unreachable: [] }),
      },
    });
  }

  const membership = rules.membership(
    createMembership(
      { address, hello: { protocol: 1, engines: [], pid: 1, host: '' }, connectMs: 600_000 },
      rules.actions(actions),
    ),
  );

  const trainer: Trainer = {
    process,
    address,
    control,
    membership,
    terms,
    slowness: random.chance(0.1) ? random.between(2, 5) : 1,
    flip: undefined,
    get incarnation() {
      return membership.incarnation;
    },
    get generation() {
      return generation;
    },
    get stream() {
      return stream;
    },
    shardMs: () => settings.shardMs * trainer.slowness,
    phaseMs(shards) {
      const ms = hangMs + settings.shardMs * trainer.slowness * shards * random.between(0.7, 1.3) + 1;
      hangMs = random.chance(0.002) ? random.between(1_000, 20_000) : 0;
      return ms;
    },
    items(open, place, got) {
      if (!settings.fetchesItems || place.phase === 1) {
        got();
        return;
      }
      const again = (backoffMs: number): void => {
        if (open.isClosed) return;
        const end = call<true>(world, process, world.coordinator()?.process, (answer) => answer.reply(true), {
          answered() {
            end();
            got();
          },
          failed: () => process.after(backoffMs, () => again(Math.min(2 * backoffMs, 2_000))),
        });
      };
      again(100);
    },
    addRow(row) {
      membership.addRow(row);
      if (isRowsTimed) return;
      isRowsTimed = true;
      process.after(rowsMs, () => {
        isRowsTimed = false;
        sendProgress();
      });
    },
    hashed: () => membership.hashed(control.state.triple, String(control.state.hash)),
    halted: (open) => (open.serial === serial ? membership.halted() : undefined),
    drained: (open) => (open.serial === serial ? membership.drained(0) : undefined),
    sendProgress,
    leave() {
      say(() => 'is asked to end');
      membership.leave(graceMs / 1_000);
      if (!membership.isConnected) process.kill();
      else process.after(graceMs, () => process.kill());
    },
    end: () => process.kill(),
  };

  const compute = createCompute(world, trainer);
  process.after(random.between(50, 400), () => membership.start(clock.nowMs));
  process.every(progressMs, sendProgress);
  return trainer;
}

/** As it goes on the wire: what it holds now, whatever becomes of the lists. */
function copied(message: SessionUp): SessionUp {
  const { ready, prepared, drained } = message;
  if (ready) return { ready: { ...ready, rows: ready.rows?.slice() ?? [] } };
  if (prepared) return { prepared: { ...prepared, rows: prepared.rows?.slice() ?? [] } };
  if (drained) return { drained: { ...drained, rows: drained.rows?.slice() ?? [] } };
  return message;
}
