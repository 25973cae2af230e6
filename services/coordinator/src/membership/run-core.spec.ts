import { completeStep, type GenerationId, type SessionDown, type Triple } from '@gan-train/rpc';
import { describe, expect, it } from 'vitest';
import type { Effect, Input, Note, ProgressInput } from './inputs-and-effects.js';
import { createRunCore, type RunCore, type RunStart } from './run-core.js';
import { membersOf, options, triple } from './testing.js';
import type { RunOptions } from './view.js';

const initial = triple(0, 1, 0, 0);
const generation = (n: number, term = 3): GenerationId => ({ term, n });

interface Case {
  core: RunCore;
  /** Takes an input at the time that it is. */
  take(input: Input): Effect[];
  join(...incarnations: string[]): Effect[];
  ready(incarnation: string, state?: Triple, generation?: GenerationId): Effect[];
  progress(incarnation: string, change?: Partial<ProgressInput>): Effect[];
  lose(incarnation: string): Effect[];
  prepared(incarnation: string, state: Triple, generation?: GenerationId): Effect[];
  /** Time passes, in which the coordinator ticks; those that are not named say nothing. */
  pass(ms: number, ...speaking: string[]): Effect[];
  /** Time passes in which the coordinator does not even tick. */
  sleep(ms: number): void;
}

/** A run of four shards that wants two trainers. */
function runWith(change: Partial<RunStart> = {}, with_: Partial<RunOptions> = {}): Case {
  const start: RunStart = {
    nowMs: 0,
    term: 3,
    shards: 4,
    wanted: 2,
    generation: { id: { term: 0, n: 0 }, members: [] },
    stored: initial,
    isStoredInitial: true,
    rowsStep: 0,
    finalStep: undefined,
    ...change,
  };
  const core = createRunCore(start, { ...options, ...with_ });
  let nowMs = 0;
  const take = (input: Input): Effect[] => core.handle(nowMs, input);
  const one: Case = {
    core,
    take,
    join: (...incarnations) =>
      incarnations.flatMap((incarnation) =>
        take({ kind: 'joined', incarnation, address: `${incarnation}:7070` }),
      ),
    ready: (incarnation, state = initial, at) => take({ kind: 'ready', incarnation, state, generation: at }),
    progress(incarnation, change_ = {}) {
      const progress: ProgressInput = {
        generation: core.view.generation.id,
        activity: 'COMPUTING',
        position: { step: 1, phase: 0 },
        shardsDone: 0,
        shardSeconds: 100,
        state: initial,
        waitingFor: [],
        unreachable: [],
        ...change_,
      };
      return take({ kind: 'progress', incarnation, progress });
    },
    lose: (incarnation) => take({ kind: 'lost', incarnation, reason: 'its session broke', how: 'session' }),
    prepared(incarnation, state, at = core.view.generation.id) {
      // Its rows come along, and are stored first.
      take({ kind: 'rowsStored', step: completeStep(state.position) });
      return take({ kind: 'prepared', incarnation, state, generation: at });
    },
    pass(ms, ...speaking) {
      const effects: Effect[] = [];
      for (let passed = 0; passed < ms; passed += 100) {
        nowMs += 100;
        for (const incarnation of speaking) {
          const trainer = core.view.trainers.find((t) => t.incarnation === incarnation);
          if (trainer) effects.push(...one.progress(incarnation, { state: trainer.state }));
        }
        effects.push(...take({ kind: 'tick' }));
      }
      return effects;
    },
    sleep: (ms) => void (nowMs += ms),
  };
  return one;
}

/** Trainers a and b compute in generation 3.1. */
function computing(change: Partial<RunStart> = {}, with_: Partial<RunOptions> = {}): Case {
  const run = runWith(change, with_);
  run.join('a', 'b');
  run.ready('a', change.stored);
  run.ready('b', change.stored);
  expect(run.core.view.stage.name).toBe('running');
  return run;
}

/** What is done, in its order, without notes: `start a`, `saveGeneration`. */
const done = (effects: Effect[]): string[] =>
  effects.flatMap((effect) => {
    if (effect.kind === 'noted') return [];
    if (effect.kind === 'send') return [`${Object.keys(effect.message).join()} ${effect.to}`];
    return [effect.kind === 'endSession' ? `endSession ${effect.to}` : effect.kind];
  });
const messagesTo = (effects: Effect[], to: string): SessionDown[] =>
  effects.flatMap((effect) => (effect.kind === 'send' && effect.to === to ? [effect.message] : []));
const notesOf = (effects: Effect[]): Note[] =>
  effects.flatMap((effect) => (effect.kind === 'noted' ? [effect.note] : []));
const namesOf = (effects: Effect[]): string[] => notesOf(effects).map(({ name }) => name);
const endOf = (effects: Effect[]): unknown => effects.find((effect) => effect.kind === 'over')?.end;

describe('a generation', () => {
  it('is on the disk before anybody hears of it', () => {
    const run = runWith();
    run.join('a', 'b');
    expect(done(run.ready('a'))).toEqual([]);
    const effects = run.ready('b');
    expect(done(effects)).toEqual(['saveGeneration', 'start a', 'start b']);
    const members = membersOf(['a', 'b']);
    expect(effects.find(({ kind }) => kind === 'saveGeneration')).toEqual({
      kind: 'saveGeneration',
      id: generation(1),
      members,
    });
    const start = { generation: generation(1), members, steps: 100, state: initial, source: 'HOLDERS' };
    expect(messagesTo(effects, 'a')).toEqual([{ start }]);
    expect(messagesTo(effects, 'b')).toEqual([{ start }]);
    expect(notesOf(effects).find(({ name }) => name === 'started')).toEqual({
      name: 'started',
      id: generation(1),
      position: initial.position,
      members,
      healing: 0,
      reason: '2 trainers are ready',
    });
  });

  it('has another number every time, of this term', () => {
    const run = computing({ generation: { id: generation(9, 2), members: [] } });
    expect(run.core.view.generation.id).toEqual(generation(1));
    run.lose('b');
    run.prepared('a', triple(1));
    expect(run.core.view.generation.id).toEqual(generation(2));
    run.lose('a');
    run.join('c');
    run.ready('c');
    expect(run.core.view.generation.id).toEqual(generation(3));
  });

  it('says who holds its state and who takes it over', () => {
    const run = runWith({ rowsStep: 20 });
    run.join('a', 'b');
    run.ready('a', triple(7, 1, 2, 1));
    const effects = run.ready('b', triple(8, 1, 2, 1));
    const { start } = messagesTo(effects, 'a')[0] as { start: { members: { holds: boolean }[] } };
    expect(start).toMatchObject({ source: 'HOLDERS', state: triple(8, 1, 2, 1) });
    expect(start.members.map(({ holds }) => holds)).toEqual([false, true]);
    expect(notesOf(effects).find(({ name }) => name === 'started')).toMatchObject({
      name: 'started',
      healing: 1,
    });
  });
});

describe('rows beyond the state that a generation starts from', () => {
  it('are cut before the generation is written down', () => {
    const run = runWith({ stored: triple(5, 1, 2, 1), isStoredInitial: false, rowsStep: 20 });
    run.join('a', 'b');
    run.ready('a');
    const effects = run.ready('b');
    expect(done(effects)).toEqual(['rewind', 'saveGeneration', 'start a', 'start b']);
    expect(effects.find(({ kind }) => kind === 'rewind')).toEqual({ kind: 'rewind', step: 5 });
    expect(run.core.view.rowsStep).toBe(5);
  });

  it.each([
    [true, []],
    [false, [{ kind: 'rewind', step: 7 }]],
  ])(
    'of a state that trainers hold are the same ones again with exact numerics: exact %s',
    (exact, rewinds) => {
      const run = runWith({ rowsStep: 20 }, { exact });
      run.join('a', 'b');
      run.ready('a', triple(8, 0, 2, 1));
      const effects = run.ready('b', triple(8, 0, 2, 1));
      expect(effects.filter(({ kind }) => kind === 'rewind')).toEqual(rewinds);
      expect(run.core.view.generation.id).toEqual(generation(1));
    },
  );

  it('are none when all are before it', () => {
    const run = runWith({ stored: triple(5, 1, 2, 1), isStoredInitial: false, rowsStep: 5 });
    run.join('a', 'b');
    run.ready('a');
    expect(done(run.ready('b'))[0]).toBe('saveGeneration');
  });
});

describe('a member that is lost', () => {
  it('has its session ended, and the others close their generation at once', () => {
    const run = computing();
    const effects = run.lose('b');
    expect(done(effects)).toEqual(['endSession b', 'prepare a']);
    expect(messagesTo(effects, 'a')).toEqual([{ prepare: { generation: generation(1) } }]);
    expect(notesOf(effects)).toContainEqual({
      name: 'lost',
      incarnation: 'b',
      address: 'b:7070',
      how: 'session',
      reason: 'its session broke',
      wasMember: true,
    });
    expect(done(run.prepared('a', triple(3)))).toEqual(['saveGeneration', 'start a']);
    expect(run.core.view).toMatchObject({ generation: { id: generation(2) }, lost: [] });
  });

  it('is evicted when it is silent, whoever speaks', () => {
    const run = computing();
    expect(done(run.pass(5_000, 'a'))).toEqual([]);
    const effects = run.pass(100, 'a');
    expect(done(effects)).toEqual(['endSession b', 'prepare a']);
    expect(notesOf(effects)).toContainEqual(expect.objectContaining({ name: 'lost', how: 'silence' }));
  });

  it('may stand by for a while when that happens again and again', () => {
    const run = computing({ wanted: 2 });
    for (let i = 0; i < 3; i++) {
      const { incarnation } = run.core.view.trainers.find((t) => t.address === 'b:7070') as {
        incarnation: string;
      };
      run.lose(incarnation);
      run.prepared('a', triple(3));
      run.take({ kind: 'joined', incarnation: `b${i}`, address: 'b:7070' });
      run.ready(`b${i}`);
      run.pass(100, 'a', `b${i}`);
      const { id } = run.core.view.generation;
      run.take({ kind: 'probed', incarnation: `b${i}`, generation: id, unreachable: [] });
      if (i === 2) break;
      run.prepared('a', triple(3));
      expect(run.core.view.generation.members).toHaveLength(2);
    }
    expect([...run.core.view.quarantine.keys()]).toEqual(['b:7070']);
    expect(run.core.view.stage.name).toBe('running');
    expect(run.core.view.generation.members).toHaveLength(1);
    // Later it may again.
    expect(done(run.pass(29_000, 'a', 'b2'))).toEqual([]);
    expect(done(run.pass(1_500, 'a', 'b2'))).toEqual(['probe b2']);
  });

  it('leaves no trace when it was no member', () => {
    const run = computing();
    run.join('c');
    run.ready('c');
    const effects = run.lose('c');
    expect(done(effects)).toEqual(['endSession c']);
    expect(notesOf(effects)).toContainEqual(expect.objectContaining({ name: 'lost', wasMember: false }));
    expect(run.core.view.lost).toEqual([]);
  });
});

describe('a message that comes too late', () => {
  it('of one that is lost changes nothing', () => {
    const run = computing();
    run.lose('b');
    const before = structuredClone(run.core.view);
    const inputs: Input[] = [
      { kind: 'ready', incarnation: 'b', state: triple(9), generation: undefined },
      { kind: 'prepared', incarnation: 'b', state: triple(9), generation: generation(1) },
      { kind: 'drained', incarnation: 'b', state: triple(9), skippedInRow: 9 },
      { kind: 'leave', incarnation: 'b' },
      { kind: 'hash', incarnation: 'b', state: triple(9), hash: 'x' },
      { kind: 'lost', incarnation: 'b', reason: 'again', how: 'session' },
    ];
    for (const input of inputs) expect(run.take(input)).toEqual([]);
    expect(run.progress('b', { state: triple(9) })).toEqual([]);
    expect(structuredClone(run.core.view)).toEqual(before);
  });

  it('of an older generation changes nothing but that it was heard', () => {
    const run = computing();
    run.lose('b');
    run.prepared('a', triple(3));
    expect(run.core.view.generation.id).toEqual(generation(2));
    const [a] = run.core.view.trainers;
    const before = structuredClone(a);
    run.prepared('a', triple(9), generation(1));
    run.progress('a', { generation: generation(1), state: triple(9) });
    expect(a).toEqual(before);
    // The right one does.
    run.progress('a', { generation: generation(2), state: triple(9) });
    expect(a?.state).toEqual(triple(9));
  });

  it('that it stands still changes nothing of one that does', () => {
    const run = computing();
    run.join('c');
    run.ready('c', triple(1));
    run.prepared('c', triple(9), generation(1));
    run.take({ kind: 'drained', incarnation: 'c', state: triple(9), skippedInRow: 4 });
    run.progress('c', { state: triple(9) });
    run.take({ kind: 'hash', incarnation: 'c', state: triple(9), hash: 'x' });
    expect(run.core.view.trainers[2]).toMatchObject({ status: 'idle', state: triple(1) });
    expect(run.core.view.skippedInRow).toBe(0);
    run.take({ kind: 'drained', incarnation: 'b', state: triple(5), skippedInRow: 0 });
    run.prepared('b', triple(9), generation(1));
    expect(run.core.view.trainers[1]).toMatchObject({ status: 'drained', state: triple(5) });
    expect(run.core.agreement(triple(9), 'x')).toBe('pending');
  });

  it('about reaching the members of an older generation is not taken for this one', () => {
    const run = computing();
    run.take({ kind: 'scale', trainers: 3 });
    run.take({ kind: 'joined', incarnation: 'x', address: 'x:7070' });
    run.ready('x');
    expect(run.core.view.trainers[2]?.probe).toMatchObject({
      generation: generation(1),
      unreachable: undefined,
    });
    run.take({ kind: 'probed', incarnation: 'x', generation: generation(0), unreachable: [] });
    expect(run.core.view.trainers[2]?.probe?.unreachable).toBeUndefined();
    expect(run.core.view.stage.name).toBe('running');
  });
});

describe('a trainer that comes back', () => {
  it('too late is told to close the generation that it still computes in', () => {
    const run = computing();
    run.join('c');
    const effects = run.ready('c', triple(4), generation(7, 2));
    expect(messagesTo(effects, 'c')).toEqual([{ prepare: { generation: generation(7, 2) } }]);
    run.prepared('c', triple(5), generation(7, 2));
    expect(run.core.view.trainers[2]).toMatchObject({ status: 'idle', state: triple(5) });
  });

  it('to a new coordinator goes on until all are back', () => {
    const members = membersOf(['a', 'b']);
    const run = runWith({ generation: { id: generation(7, 2), members } });
    run.join('a', 'b');
    expect(done(run.ready('a', triple(4), generation(7, 2)))).toEqual([]);
    expect(done(run.ready('b', triple(4), generation(7, 2)))).toEqual(['pause a', 'pause b']);
    run.prepared('a', triple(5));
    expect(done(run.prepared('b', triple(5)))).toEqual(['saveGeneration', 'start a', 'start b']);
    expect(run.core.view.generation.id).toEqual(generation(1));
  });

  it('to a new coordinator alone is closed after a while', () => {
    const run = runWith({
      generation: { id: generation(7, 2), members: membersOf(['a', 'b']) },
      rowsStep: 9,
    });
    run.join('a');
    run.ready('a', triple(4), generation(7, 2));
    expect(done(run.pass(options.returnMs, 'a'))).toEqual([]);
    expect(done(run.pass(100, 'a'))).toEqual(['prepare a']);
  });

  it('brings rows: the step that nothing starts behind is theirs, until something has started', () => {
    const run = runWith({ rowsStep: 3 });
    run.take({ kind: 'rowsStored', step: 8 });
    run.take({ kind: 'rowsStored', step: 6 });
    expect(run.core.view).toMatchObject({ rowsStep: 8, knownStep: 8 });
    run.join('a', 'b');
    run.ready('a', triple(8));
    run.ready('b', triple(8));
    run.take({ kind: 'rowsStored', step: 9 });
    expect(run.core.view).toMatchObject({ rowsStep: 9, knownStep: 0 });
  });

  it('in a second session of one life has lost its place: it joins as a new one', () => {
    const run = computing();
    const effects = run.join('b');
    expect(done(effects)).toEqual(['refused b', 'endSession b', 'prepare a']);
    expect(messagesTo(effects, 'b')).toEqual([
      { refused: { code: 'fenced', message: 'its place was given up: it joins anew' } },
    ]);
    expect(namesOf(effects).filter((name) => name === 'lost')).toHaveLength(1);
    expect(run.core.view.trainers.map(({ incarnation }) => incarnation)).toEqual(['a']);
    // And again, for ever.
    expect(done(run.join('b'))).toEqual(['refused b', 'endSession b']);
  });
});

describe('what a member says of itself', () => {
  it('counts from when it began, as long as it is at the same place with the same', () => {
    const run = computing();
    const since = (): number | undefined => run.core.view.trainers[0]?.progress.sinceMs;
    run.sleep(100);
    run.progress('a');
    run.sleep(100);
    run.progress('a', { shardsDone: 1 });
    expect(since()).toBe(100);
    run.progress('a', { activity: 'WAITING_PEER' });
    expect(since()).toBe(200);
    run.sleep(100);
    run.progress('a', { activity: 'WAITING_PEER', position: { step: 1, phase: 1 } });
    expect(since()).toBe(300);
    run.sleep(100);
    run.progress('a', { activity: 'WAITING_PEER', position: { step: 2, phase: 1 } });
    expect(since()).toBe(400);
  });

  it('names others by rank, and remembers since when they do not answer', () => {
    const run = computing();
    const progress = () => run.core.view.trainers[0]?.progress;
    run.sleep(100);
    run.progress('a', { waitingFor: [1], unreachable: [1] });
    run.sleep(100);
    run.progress('a', { waitingFor: [0, 1, 7], unreachable: [1] });
    expect(progress()).toMatchObject({ waitingFor: ['a', 'b'], unreachable: new Map([['b', 100]]) });
    run.progress('a', { unreachable: [] });
    run.sleep(100);
    run.progress('a', { unreachable: [1] });
    expect(progress()?.unreachable).toEqual(new Map([['b', 300]]));
  });

  it('changes nothing at once: the next tick judges it', () => {
    const run = computing();
    run.sleep(100);
    run.progress('a', { unreachable: [1] });
    run.pass(900, 'b');
    run.sleep(300);
    run.progress('b', { activity: 'WAITING_PEER' });
    expect(run.progress('a', { unreachable: [1] })).toEqual([]);
    expect(done(run.take({ kind: 'tick' }))).toContain('endSession b');
  });
});

describe('a new generation', () => {
  it('has all its steps before it, though a final checkpoint was stored before', () => {
    expect(computing({ finalStep: 50 }).core.view.finalStep).toBeUndefined();
  });

  it('knows how fast its members are from the one before', () => {
    const run = computing();
    run.progress('a', { shardSeconds: 7 });
    run.lose('b');
    run.prepared('a', triple(3));
    expect(run.core.view.trainers[0]?.progress).toMatchObject({
      activity: 'IDLE',
      shardSeconds: 7,
      sinceMs: 0,
    });
  });
});

describe('a coordinator that was paused', () => {
  it.each<[string, (run: Case) => Effect[]]>([
    ['a tick', (run) => run.take({ kind: 'tick' })],
    ['a message', (run) => run.take({ kind: 'hash', incarnation: 'a', state: initial, hash: 'x' })],
  ])('counts anew whatever comes first: %s', (_what, first) => {
    const run = computing();
    run.progress('a', { unreachable: [1] });
    run.sleep(3_600_000);
    expect(done(first(run))).toEqual([]);
    expect(done(run.pass(5_000))).toEqual([]);
    const { trainers } = run.core.view;
    expect(trainers.map(({ progress }) => progress.unreachable.size)).toEqual([0, 0]);
    expect(done(run.pass(100)).slice(0, 2)).toEqual(['endSession a', 'endSession b']);
  });

  it('gives what it waits for its time again', () => {
    const run = computing();
    run.lose('b');
    run.sleep(3_600_000);
    run.take({ kind: 'tick' });
    expect(done(run.pass(options.closeMs, 'a'))).toEqual([]);
    expect(done(run.pass(100, 'a'))).toEqual(['endSession a']);
  });

  it('was not when it ticked', () => {
    const run = computing();
    for (let i = 0; i < 5; i++) {
      run.sleep(1_000);
      expect(done(run.take({ kind: 'tick' }))).toEqual([]);
    }
    run.sleep(1_000);
    expect(done(run.take({ kind: 'tick' }))).toContain('endSession a');
  });
});

describe('a change of the membership', () => {
  it('lets a trainer in that reaches the members: they finish a phase', () => {
    const run = computing();
    run.take({ kind: 'scale', trainers: 3 });
    run.join('c');
    const effects = run.ready('c');
    const probe = { generation: generation(1), members: membersOf(['a', 'b']) };
    expect(messagesTo(effects, 'c')).toEqual([{ probe }]);
    const answer = { kind: 'probed', incarnation: 'c', generation: generation(1) } as const;
    expect(done(run.take({ ...answer, unreachable: ['a'] }))).toEqual([]);
    const let_in = run.take({ ...answer, unreachable: [] });
    expect(done(let_in)).toEqual(['pause a', 'pause b']);
    expect(notesOf(let_in)).toContainEqual({ name: 'closed', atOnce: false, reason: 'trainer c:7070 joins' });
    run.prepared('a', triple(4, 0));
    expect(done(run.prepared('b', triple(4, 0)))).toEqual([
      'saveGeneration',
      'start a',
      'start b',
      'start c',
    ]);
    expect(run.core.view.generation.members.map(({ holds }) => holds)).toEqual([true, true, false]);
  });

  it('follows what is wanted, down too', () => {
    const run = computing();
    expect(done(run.take({ kind: 'scale', trainers: 1 }))).toEqual(['pause a', 'pause b']);
    run.prepared('a', triple(4, 0));
    expect(done(run.prepared('b', triple(4, 0)))).toEqual(['saveGeneration', 'start a']);
  });

  it('that is closing turns to closing at once when a member is lost meanwhile', () => {
    const run = computing();
    run.take({ kind: 'scale', trainers: 1 });
    expect(done(run.lose('b'))).toEqual(['endSession b', 'prepare a']);
  });

  it('stores what only a leaver holds before that is let go', () => {
    const run = computing();
    run.lose('b');
    run.prepared('a', triple(4));
    expect(done(run.take({ kind: 'leave', incarnation: 'a' }))).toEqual(['pause a']);
    const saving = run.prepared('a', triple(5));
    expect(messagesTo(saving, 'a')).toEqual([{ saveState: { generation: generation(2) } }]);
    const effects = run.take({ kind: 'checkpointStored', state: triple(5), final: false });
    expect(done(effects)).toEqual(['done a']);
    expect(notesOf(effects)).toContainEqual({
      name: 'released',
      incarnation: 'a',
      address: 'a:7070',
      reason: 'it was asked to end',
    });
    expect(run.core.view).toMatchObject({ trainers: [], stage: { name: 'gathering' }, stored: triple(5) });
    expect(done(run.join('a'))).toEqual(['refused a', 'endSession a']);
  });
});

describe('the end', () => {
  it('is told to everybody, once it was told to the run', () => {
    const run = computing({}, { steps: 5 });
    run.join('c');
    run.take({ kind: 'rowsStored', step: 5 });
    run.take({ kind: 'drained', incarnation: 'a', state: triple(5), skippedInRow: 0 });
    expect(
      endOf(run.take({ kind: 'drained', incarnation: 'b', state: triple(5), skippedInRow: 0 })),
    ).toBeUndefined();
    const effects = run.take({ kind: 'checkpointStored', state: triple(5), final: true });
    expect(done(effects)).toEqual(['over', 'done a', 'done b', 'done c']);
    expect(endOf(effects)).toEqual({ status: 'finished', code: 'none', reason: 'step 5 is stored' });
    expect(messagesTo(effects, 'a')).toEqual([{ done: { reason: 'step 5 is stored' } }]);
    // Nothing is decided any more.
    expect(done(run.lose('a'))).toEqual([]);
    expect(done(run.pass(60_000))).toEqual([]);
  });

  it('does not come with a checkpoint that is not the final one', () => {
    const run = computing({}, { steps: 5 });
    run.take({ kind: 'rowsStored', step: 5 });
    run.take({ kind: 'drained', incarnation: 'a', state: triple(5), skippedInRow: 0 });
    const effects = run.take({ kind: 'checkpointStored', state: triple(5), final: false });
    expect(endOf(effects)).toBeUndefined();
    expect(run.core.view).toMatchObject({ stored: triple(5), isStoredInitial: false, finalStep: undefined });
  });

  it('comes when the last state can not be written', () => {
    const run = computing();
    const why = { code: 'io', reason: 'no space left' } as const;
    expect(endOf(run.take({ kind: 'finalNotStored', ...why }))).toEqual({ status: 'failed', ...why });
  });

  it('knows of updates that were skipped', () => {
    const run = computing();
    run.take({ kind: 'rowsStored', step: 5 });
    run.take({ kind: 'drained', incarnation: 'a', state: triple(5), skippedInRow: 7 });
    run.take({ kind: 'drained', incarnation: 'b', state: triple(5), skippedInRow: 7 });
    const effects = run.take({ kind: 'checkpointStored', state: triple(5), final: true });
    expect(endOf(effects)).toMatchObject({ status: 'failed', code: 'nonfinite' });
  });

  it('is wished of members, who agree on the step; the others are told nothing yet', () => {
    const run = computing();
    run.join('c');
    run.ready('c');
    expect(done(run.take({ kind: 'stop' }))).toEqual(['stop a', 'stop b']);
    expect(run.core.view.stage.name).toBe('running');
  });
});

describe('replicas that differ', () => {
  const hash = (run: Case, incarnation: string, said: string): Effect[] =>
    run.take({ kind: 'hash', incarnation, state: triple(9), hash: said });
  const stored = triple(5, 1, 2, 1);
  const begun = (): Case => computing({ stored, isStoredInitial: false, rowsStep: 5 });
  /** Both say where they stand, and begin again. */
  const begin = (run: Case): Effect[] => {
    run.prepared('a', triple(9));
    return run.prepared('b', triple(9));
  };

  it('stop at once, and go on from what is stored', () => {
    const run = begun();
    run.take({ kind: 'rowsStored', step: 9 });
    expect(done(hash(run, 'a', 'x'))).toEqual([]);
    const effects = hash(run, 'b', 'y');
    expect(done(effects)).toEqual(['prepare a', 'prepare b']);
    expect(notesOf(effects)).toContainEqual({ name: 'mismatch', position: { step: 9, phase: 1 } });
    const again = begin(run);
    expect(done(again)).toEqual(['rewind', 'saveGeneration', 'start a', 'start b']);
    expect(messagesTo(again, 'a')).toMatchObject([{ start: { state: stored, source: 'CHECKPOINT' } }]);
    expect(run.core.view.mismatch).toBeUndefined();
  });

  it('end the run when it happens again before a newer checkpoint, and not after one', () => {
    for (const isNewer of [false, true]) {
      const run = begun();
      hash(run, 'a', 'x');
      hash(run, 'b', 'y');
      begin(run);
      if (isNewer) run.take({ kind: 'checkpointStored', state: triple(7), final: false });
      hash(run, 'a', 'x');
      const effects = hash(run, 'b', 'y');
      if (isNewer) expect(endOf(effects)).toBeUndefined();
      else expect(endOf(effects)).toMatchObject({ status: 'failed', code: 'state_mismatch' });
    }
  });

  it('are named at once when the generation is being closed: nobody else will speak', () => {
    const run = begun();
    run.take({ kind: 'scale', trainers: 3 });
    run.join('c');
    run.ready('c', stored);
    run.take({ kind: 'probed', incarnation: 'c', generation: generation(1), unreachable: [] });
    begin(run);
    hash(run, 'a', 'x');
    expect(namesOf(hash(run, 'b', 'y'))).not.toContain('mismatch');
    run.take({ kind: 'scale', trainers: 2 });
    expect(namesOf(run.pass(100))).toContain('mismatch');
  });

  it('are compared by members of the generation alone', () => {
    const run = begun();
    run.join('c');
    run.ready('c');
    hash(run, 'a', 'x');
    expect(done(hash(run, 'c', 'y'))).toEqual([]);
    hash(run, 'b', 'x');
    expect(run.core.agreement(triple(9), 'x')).toBe('agreed');
    expect(run.core.agreement(triple(9), 'y')).toBe('differing');
  });
});

describe('what it says', () => {
  it('is said once while it stays the same', () => {
    const run = runWith();
    expect(run.take({ kind: 'tick' })).toEqual([
      { kind: 'noted', note: { name: 'decided', action: 'wait', reason: '0 of 2 trainers are ready' } },
    ]);
    expect(run.pass(1_000)).toEqual([]);
    run.join('a');
    expect(notesOf(run.ready('a'))).toEqual([
      { name: 'decided', action: 'wait', reason: '1 of 2 trainers is ready' },
    ]);
  });

  it('is who is waited for when nothing gets on', () => {
    const run = computing();
    run.pass(5_000, 'a', 'b');
    run.progress('b', { state: triple(1, 0) });
    expect(namesOf(run.pass(9_900, 'a', 'b'))).toEqual([]);
    expect(notesOf(run.pass(200, 'a', 'b'))).toMatchObject([{ name: 'stalled', seconds: 10 }]);
  });

  it('is not that nothing gets on while nobody is to compute', () => {
    const run = runWith();
    run.join('a', 'b');
    run.ready('a');
    run.pass(20_000, 'a', 'b');
    // Nor is that time that a generation stood still.
    expect(namesOf(run.ready('b'))).not.toContain('stalled');
    run.take({ kind: 'scale', trainers: 1 });
    expect(namesOf(run.pass(20_000, 'a', 'b'))).not.toContain('stalled');
  });

  it('is not that nothing got on while the coordinator itself was paused', () => {
    const run = computing();
    run.sleep(60_000);
    expect(namesOf(run.pass(9_000, 'a', 'b'))).not.toContain('stalled');
  });
});

describe('what it keeps', () => {
  it('is bounded: who was lost longest ago is forgotten first', () => {
    const run = runWith();
    const many = 10_000;
    for (let i = 0; i <= many; i++) {
      run.join(`t${i}`);
      run.lose(`t${i}`);
    }
    expect(done(run.join('t1'))).toEqual(['refused t1', 'endSession t1']);
    expect(done(run.join('t0'))).toEqual([]);
  });
});
