import { createRunCore, type Effect, type Input, type RunCore } from '@gan-train/coordinator/membership';
import {
  completeStep,
  isSameGeneration,
  type GenerationId,
  type LossRow,
  type SessionDown,
  type SessionUp,
} from '@gan-train/rpc';
import { serveSession } from './coordinator-session.js';
import type { Answer } from './call.js';
import type { Process } from './process.js';
import { initialState, nameOfTriple, type State } from './state.js';
import { createStream, type EndHooks, type Stream } from './stream.js';
import type { World } from './world.js';

const tickMs = 200;
const rowsTimeoutMs = 30_000;
const agreementTimeoutMs = 60_000;
const farewellMs = 3_000;

export interface Upload {
  state: State;
  final: boolean;
  generation: { term: number; n: number };
}

/** The coordinator as a process: its core, and in place of services/coordinator/src/run.ts and its handlers the same order of effects. */
export interface Coordinator {
  readonly process: Process;
  readonly core: RunCore;
  readonly term: number;
  connect(client: Process, hooks: EndHooks<SessionDown>): Stream<SessionUp, SessionDown>;
  putCheckpoint(answer: Answer<true>, upload: Upload): void;
  getCheckpoint(answer: Answer<State>): void;
  handle(input: Input, done?: () => void): void;
  scale(trainers: number): void;
}

/** What a session needs of it. */
export interface Turns {
  world: World;
  core: RunCore;
  term: number;
  handle(input: Input, done?: () => void): void;
  join(incarnation: string, address: string, link: Down, done: () => void): void;
  /** `of` is the generation that they were computed in; undefined of a trainer that joins and stands still. */
  storeRows(rows: readonly LossRow[], of: GenerationId | undefined, done: (error?: string) => void): void;
}

export interface Down {
  send(message: SessionDown): void;
  end(): void;
}

/** `process` has the lock, and has raised the term. */
export function createCoordinator(world: World, process: Process): Coordinator {
  const { clock, disk, judge, rules, settings } = world;
  const { term } = disk;
  const stored = disk.checkpoint ?? initialState(settings.seed);
  const core = rules.core(
    createRunCore(
      {
        nowMs: clock.nowMs,
        term,
        shards: settings.shards,
        wanted: disk.wanted,
        generation: disk.generation,
        finalStep: disk.step >= settings.steps ? disk.step : undefined,
        stored: stored.triple,
        isStoredInitial: disk.checkpoint === undefined,
        rowsStep: disk.rows.length,
      },
      rules.options(settings.options),
    ),
  );
  const links = new Map<string, Down>();
  const turns: ((done: () => void) => void)[] = [];
  let isBusy = false;
  let isOver = false;
  /** Who waits for a change; those that are through return true. */
  let waiting: (() => boolean)[] = [];

  function inTurn(work: (done: () => void) => void): void {
    turns.push(work);
    if (!isBusy) next();
  }

  function next(): void {
    const work = turns.shift();
    isBusy = work !== undefined;
    work?.(next);
  }

  function take(input: Input, done: () => void): void {
    const effects = rules.effects(core.handle(clock.nowMs, input), core);
    apply(effects, 0, () => {
      judge.bounds(core.view);
      changed();
      done();
    });
  }

  function changed(): void {
    if (waiting.length === 0) return;
    const before = waiting;
    // What one of them then waits for is added to a list of its own.
    waiting = [];
    waiting.push(...before.filter((look) => !look()));
  }

  /** Effects in their order; those that go to disk before what follows. It may be killed in between. */
  function apply(effects: readonly Effect[], from: number, done: () => void): void {
    for (let i = from; i < effects.length; i++) {
      const effect = effects[i] as Effect;
      const rest = (): void => apply(effects, i + 1, done);
      switch (effect.kind) {
        case 'send':
          if (effect.message.start) judge.starts(core, effect.message.start, effect.to);
          links.get(effect.to)?.send(effect.message);
          break;
        case 'endSession':
          links.get(effect.to)?.end();
          links.delete(effect.to);
          break;
        case 'saveGeneration': {
          const { id, members } = effect;
          disk.write(process, [() => (disk.generation = { id, members })], rest);
          return;
        }
        case 'rewind':
          judge.rewinds(effect.step, core);
          disk.write(process, [() => (disk.rows = disk.rows.slice(0, effect.step))], rest);
          return;
        case 'over':
          end(effect.end);
          break;
        case 'noted':
          note(effect.note);
          break;
      }
    }
    done();
  }

  function note(noted: Extract<Effect, { kind: 'noted' }>['note']): void {
    if (noted.name === 'decided') {
      if (noted.action !== 'wait') return;
      world.trace(process.name, () => `waits: ${noted.reason}`);
      return;
    }
    world.trace(process.name, () =>
      JSON.stringify(noted, (key, value: unknown) => (key === 'members' ? undefined : value)),
    );
    if (noted.name === 'lost') judge.gaveUp(noted.incarnation, noted.how, noted.reason);
    if (noted.name === 'released') judge.released(noted.incarnation, core.view);
    if (noted.name === 'mismatch') judge.guarded();
  }

  function end(over: { status: string; code: string; reason: string }): void {
    if (isOver) return;
    isOver = true;
    judge.over(over);
    process.after(farewellMs, () => process.kill());
  }

  /**
   * Rows of a generation that is over were in its last words; since then they may have been cut. A trainer that comes back has some
   * that nobody else has, if its state is gone on from; else they are another timeline's.
   */
  function areOfRun(fresh: readonly LossRow[], of: GenerationId | undefined): boolean {
    if (of !== undefined) return isSameGeneration(of, core.view.generation.id);
    const follows = fresh[0]?.step === core.view.rowsStep + 1;
    return follows && (settings.options.exact || core.view.stage.name === 'gathering');
  }

  function storeRows(
    rows: readonly LossRow[],
    of: GenerationId | undefined,
    done: (error?: string) => void,
  ): void {
    inTurn((free) => {
      const fresh = rows.filter(({ step }) => step > core.view.rowsStep);
      if (fresh.length === 0 || (rules.fencesRows && !areOfRun(fresh, of))) {
        free();
        done();
        return;
      }
      const before = core.view.rowsStep;
      if (fresh.some(({ step }, i) => step !== before + 1 + i)) {
        free();
        done(`rows from ${fresh[0]?.step} do not follow ${before}`);
        return;
      }
      const pieces = fresh.map((row) => () => {
        judge.stores(row, disk.rows.length);
        disk.rows.push(row);
      });
      disk.write(process, pieces, () =>
        take({ kind: 'rowsStored', step: before + fresh.length }, () => {
          const rowsStored = { step: core.view.rowsStep, gridStep: 0 };
          for (const link of links.values()) link.send({ rowsStored });
          free();
          done();
        }),
      );
    });
  }

  const handle = (input: Input, done: () => void = () => undefined): void =>
    inTurn((free) =>
      take(input, () => {
        free();
        done();
      }),
    );

  /** Looks at every change until it is through, or too late. */
  function until(look: () => boolean, timeoutMs: number, late: () => void): void {
    let isThrough = look();
    if (isThrough) return;
    waiting.push(() => (isThrough ||= look()));
    process.after(timeoutMs, () => {
      if (isThrough) return;
      isThrough = true;
      late();
    });
  }

  /** An upload of a generation that is over changes nothing, however far it got. */
  const isOverFor = ({ generation }: Upload): boolean =>
    rules.fencesUploads && !isSameGeneration(generation, core.view.generation.id);

  function whenAgreed(upload: Upload, answer: Answer<true>, then: () => void): void {
    const { triple, hash } = upload.state;
    const look = (): boolean => {
      const { stage } = core.view;
      if (isOverFor(upload)) {
        answer.fail('fenced');
        return true;
      }
      if (stage.name === 'running') {
        const agreement = core.agreement(triple, String(hash));
        if (agreement === 'pending') return false;
        if (agreement === 'agreed') then();
        else answer.fail('differing');
        return true;
      }
      if (stage.name === 'saving') then();
      else answer.fail('fenced');
      return true;
    };
    until(look, agreementTimeoutMs, () => answer.fail('timeout'));
  }

  /** In turn: nothing is decided between a checkpoint's coming into being and its being known. */
  function commit(upload: Upload, answer: Answer<true>): void {
    const { state, final } = upload;
    const write = (): void => {
      disk.checkpoint = state;
      disk.step = completeStep(state.triple.position);
      judge.keeps(state);
    };
    const stored: Input = { kind: 'checkpointStored', state: state.triple, final };
    const told = (): void => answer.reply(true);
    world.trace(
      process.name,
      () => `writes the checkpoint of ${nameOfTriple(state.triple)}${final ? ', the last' : ''}`,
    );
    if (!rules.storesInTurn) {
      disk.write(process, [write], () => handle(stored, told));
      return;
    }
    inTurn((free) => {
      if (isOverFor(upload)) {
        answer.fail('fenced');
        free();
        return;
      }
      disk.write(process, [write], () =>
        take(stored, () => {
          free();
          told();
        }),
      );
    });
  }

  process.every(tickMs, () => handle({ kind: 'tick' }));
  const session: Turns = {
    world,
    core,
    term,
    handle,
    storeRows,
    join: (incarnation, address, link, done) =>
      inTurn((free) => {
        links.get(incarnation)?.end();
        links.set(incarnation, link);
        take({ kind: 'joined', incarnation, address }, () => {
          free();
          done();
        });
      }),
  };
  return {
    process,
    core,
    term,
    handle,
    connect(client, hooks) {
      const server = serveSession(session);
      const stream = createStream(world, client, process, { client: hooks, server });
      server.begin(stream.server);
      return stream;
    },
    putCheckpoint(answer, upload) {
      const { id } = core.view.generation;
      if (!isSameGeneration(upload.generation, id)) {
        answer.fail('fenced');
        return;
      }
      const { triple } = upload.state;
      // Its bytes take a while.
      process.after(world.random.between(1, 200), () => {
        if (answer.isOver) return;
        const rowsStep = completeStep(triple.position);
        const then = (): void => whenAgreed(upload, answer, () => commit(upload, answer));
        until(
          () => {
            if (core.view.rowsStep < rowsStep && !isOverFor(upload)) return false;
            then();
            return true;
          },
          rowsTimeoutMs,
          () => answer.fail('timeout'),
        );
      });
    },
    getCheckpoint(answer) {
      if (disk.checkpoint === undefined) answer.fail('missing');
      else answer.reply(disk.checkpoint);
    },
    scale: (trainers) =>
      inTurn((free) =>
        disk.write(process, [() => (disk.wanted = trainers)], () => take({ kind: 'scale', trainers }, free)),
      ),
  };
}
