import { isSameTriple } from '@gan-train/rpc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRun } from './decide-run.js';
import { id, lossOf, membersOf, nowMs, options, progressOf, runOf, trainer, triple } from './testing.js';
import {
  isFurther,
  type Decision,
  type RunOptions,
  type RunView,
  type Stage,
  type TrainerView,
} from './view.js';

const decide = (change: Partial<RunView>, with_: Partial<RunOptions> = {}): Decision =>
  decideRun(nowMs, runOf(change), { ...options, ...with_ });

const gathering = (sinceMs = nowMs, first = false): Stage => ({ name: 'gathering', sinceMs, first });
const first = (sinceMs = nowMs): Stage => gathering(sinceMs, true);
const closing = (atOnce: boolean, sinceMs = nowMs): Stage => ({
  name: 'closing',
  sinceMs,
  atOnce,
  reason: 'something happened',
});
const saving = (then: Extract<Stage, { name: 'saving' }>['then'], sinceMs = nowMs): Stage => ({
  name: 'saving',
  sinceMs,
  by: 'a',
  reason: 'something happened',
  then,
});
const failed = { status: 'failed', code: 'timeout', reason: 'it took too long' } as const;

describe('a run that is over', () => {
  it('does nothing any more, whoever is silent', () => {
    const trainers = [trainer('a', 'running', { heardAtMs: 0 })];
    const decision = { action: 'wait', reason: 'the run is over' };
    expect(decide({ stage: { name: 'over' }, trainers })).toEqual(decision);
  });
});

describe('a trainer that says nothing', () => {
  const silentSince = (heardAtMs: number, change: Partial<RunView> = {}): Decision =>
    decide({ trainers: [trainer('a', 'running'), trainer('b', 'running', { heardAtMs })], ...change });

  it('is evicted after the time of silence, and not a moment before', () => {
    expect(silentSince(nowMs - options.silenceMs).action).toBe('wait');
    expect(silentSince(nowMs - options.silenceMs - 1)).toEqual({
      action: 'evict',
      incarnation: 'b',
      reason: 'silent for 5 s',
      kind: 'silence',
    });
  });

  it.each<Stage>([first(), gathering(), closing(false), closing(true), saving('gather')])(
    'is evicted in any stage: $name',
    (stage) => expect(silentSince(0, { stage })).toMatchObject({ action: 'evict', incarnation: 'b' }),
  );

  it.each(['joined', 'idle', 'drained'] as const)('is evicted whatever it did: %s', (status) => {
    expect(decide({ trainers: [trainer('a', status, { heardAtMs: 0 })] }).action).toBe('evict');
  });
});

describe('while it gathers at first, the run', () => {
  const begin = { stored: triple(0, 1, 0, 0), rowsStep: 0 };
  const fresh = (incarnation: string, status: TrainerView['status'] = 'idle'): TrainerView =>
    trainer(incarnation, status, { state: triple(0, 1, 0, 0) });

  it('waits, and says for how many, until all that are wanted are ready', () => {
    const trainers = [fresh('a'), fresh('b', 'joined')];
    const reason = '1 of 2 trainers is ready';
    expect(decide({ ...begin, stage: first(), trainers })).toEqual({ action: 'wait', reason });
    const none = { ...begin, stage: first(), trainers: [], wanted: 1 };
    expect(decide(none).reason).toBe('0 of 1 trainer is ready');
  });

  it('starts from the initial state with the first that are ready, in the order of arrival', () => {
    const trainers = [fresh('a', 'joined'), fresh('b'), fresh('c'), fresh('d')];
    expect(decide({ ...begin, stage: first(), trainers })).toEqual({
      action: 'start',
      members: ['b', 'c'],
      state: triple(0, 1, 0, 0),
      source: 'HOLDERS',
      holders: ['b', 'c'],
      reason: '2 trainers are ready',
    });
  });

  it('starts after the time to join with fewer, but not with fewer than are needed', () => {
    const at = (sinceMs: number, minTrainers: number): Decision =>
      decide(
        { ...begin, wanted: 3, stage: first(sinceMs), trainers: [fresh('a'), fresh('b')] },
        { minTrainers },
      );
    expect(at(nowMs - options.joinMs, 2).action).toBe('wait');
    expect(at(nowMs - options.joinMs - 1, 2)).toMatchObject({ action: 'start', members: ['a', 'b'] });
    expect(at(nowMs - options.joinMs - 1, 3)).toEqual({
      action: 'end',
      status: 'failed',
      code: 'timeout',
      reason: 'only 2 of 3 trainers are ready after 300 s',
    });
  });

  it('stops when it is asked to, even with everybody ready: there is nothing to keep', () => {
    const trainers = [fresh('a'), fresh('b')];
    expect(decide({ ...begin, stage: first(), trainers, stopRequested: true })).toEqual({
      action: 'end',
      status: 'stopped',
      code: 'none',
      reason: 'stopped before the first step',
    });
  });

  it('says which steps are lost when it is asked to stop and nobody is left who holds them', () => {
    const decision = decide({
      ...begin,
      stage: first(),
      trainers: [fresh('a')],
      rowsStep: 7,
      stopRequested: true,
    });
    expect(decision).toMatchObject({
      action: 'end',
      status: 'stopped',
      reason: 'the run was stopped; steps 1 to 7 are lost with the trainers that held them',
    });
  });

  it('is finished at once when its last step was reached before', () => {
    const decision = decide({ stage: first(), finalStep: 100, rowsStep: 100 });
    expect(decision).toEqual({
      action: 'end',
      status: 'finished',
      code: 'none',
      reason: 'step 100 is stored',
    });
  });

  it('goes on behind a final checkpoint when more steps are wanted now', () => {
    const change = { ...begin, stage: first(), trainers: [fresh('a'), fresh('b')] };
    expect(decide({ ...change, finalStep: 99 }).action).toBe('start');
    expect(decide({ ...change, finalStep: 99, stopRequested: true })).toEqual({
      action: 'end',
      status: 'stopped',
      code: 'none',
      reason: 'step 99 is stored',
    });
  });
});

describe('while it gathers again, the run', () => {
  const stored = triple(5);

  it('starts at once with as many as are needed', () => {
    const decision = decide({ stage: gathering(), trainers: [trainer('a', 'idle')], wanted: 3 });
    expect(decision).toMatchObject({ action: 'start', members: ['a'], reason: '1 trainer is ready' });
  });

  it('is paused with fewer, and says where, for what it waits and what happened', () => {
    const trainers = [trainer('a', 'idle')];
    const pause = (change: Partial<RunView>): string =>
      decide({ stage: gathering(), trainers, ...change }, { minTrainers: 2 }).reason;
    expect(pause({})).toBe('paused at step 10 g: 1 of 2 trainers is ready');
    expect(pause({ lost: [lossOf('w'), lossOf('x', 'silent for 5 s')] })).toBe(
      'paused at step 10 g: 1 of 2 trainers is ready, after trainer x:7070 was lost: silent for 5 s',
    );
    const mismatch = { position: { step: 12, phase: 0 }, suspects: ['b'] };
    expect(pause({ mismatch, stored })).toBe(
      'paused at step 5 g: 1 of 2 trainers is ready, after replicas differed at step 12 d',
    );
  });

  it('fails when nobody comes in time, once the furthest state is stored', () => {
    const change = { trainers: [trainer('b', 'idle', { state: triple(9) }), trainer('a', 'idle')], stored };
    const at = (sinceMs: number, more: Partial<RunView> = {}): Decision =>
      decide({ stage: gathering(sinceMs), ...change, ...more }, { minTrainers: 3 });
    expect(at(nowMs - options.joinMs).action).toBe('wait');
    const reason = 'only 2 of 3 trainers are ready after 300 s';
    expect(at(nowMs - options.joinMs - 1)).toEqual({
      action: 'save',
      by: 'a',
      reason,
      then: { status: 'failed', code: 'timeout', reason },
    });
    const end = { action: 'end', status: 'failed', reason };
    expect(at(0, { stored: triple(10) })).toEqual({ ...end, code: 'timeout' });
    expect(at(0, { stored: triple(10), lost: [lossOf('x')] })).toEqual({ ...end, code: 'trainer_lost' });
  });

  it('starts, however late, when they are there', () => {
    const trainers = [trainer('a', 'idle'), trainer('b', 'idle')];
    expect(decide({ stage: gathering(0), trainers }, { minTrainers: 2 }).action).toBe('start');
  });

  it('is stopped once the furthest state is stored', () => {
    const change = {
      stage: gathering(),
      rowsStep: 10,
      trainers: [trainer('a', 'idle')],
      stopRequested: true,
    };
    const end = { status: 'stopped', code: 'none', reason: 'the run was stopped' };
    expect(decide({ ...change, stored })).toEqual({ action: 'save', by: 'a', reason: end.reason, then: end });
    expect(decide({ ...change, stored: triple(10) })).toEqual({ action: 'end', ...end });
  });

  it('ends when too many updates were skipped, with the last state stored', () => {
    const change = { stage: gathering(), trainers: [trainer('a', 'drained')], skippedInRow: 20 };
    expect(decide({ ...change, finalStep: 10 })).toEqual({
      action: 'end',
      status: 'failed',
      code: 'nonfinite',
      reason: '20 updates in a row were skipped for gradients that were not finite',
    });
    expect(decide(change).action).toBe('start');
  });

  it('does not count those that wait out their quarantine', () => {
    const trainers = [trainer('a', 'idle'), trainer('b', 'idle')];
    const until = (untilMs: number): Decision =>
      decide({ stage: gathering(), trainers, quarantine: new Map([['a:7070', untilMs]]) });
    expect(until(nowMs + 1)).toMatchObject({ action: 'start', members: ['b'] });
    expect(until(nowMs)).toMatchObject({ action: 'start', members: ['a', 'b'] });
  });
});

describe('the state that a run goes on from', () => {
  const start = (
    states: readonly ReturnType<typeof triple>[],
    change: Partial<RunView> = {},
    exact = true,
  ) => {
    const trainers = states.map((state, i) => trainer('abcd'[i] as string, 'idle', { state }));
    return decide({ stage: gathering(), trainers, wanted: 4, isStoredInitial: false, ...change }, { exact });
  };

  it('is the furthest, and is taken from those that hold it', () => {
    expect(start([triple(4), triple(4, 0), triple(5, 0), triple(5, 0)])).toMatchObject({
      state: triple(5, 0),
      source: 'HOLDERS',
      members: ['a', 'b', 'c', 'd'],
      holders: ['c', 'd'],
    });
  });

  it('is the furthest position with exact numerics, else the later generation before the position', () => {
    const states = [triple(9, 1, 1, 1), triple(8, 1, 1, 2), triple(7, 1, 2, 1)];
    expect(start(states, {}, true)).toMatchObject({ state: states[0], holders: ['a'] });
    expect(start(states, {}, false)).toMatchObject({ state: states[2], holders: ['c'] });
  });

  it('is the stored one when nobody is further', () => {
    const change = { stored: triple(9) };
    const stored = { state: triple(9), source: 'CHECKPOINT', holders: [] };
    expect(start([triple(4), triple(7)], change)).toMatchObject(stored);
    const initial = { stored: triple(0, 1, 0, 0), isStoredInitial: true };
    expect(start([triple(0, 0, 0, 0)], initial)).toMatchObject({ source: 'INITIAL', holders: [] });
  });

  it('is taken from members that hold it though it is stored too', () => {
    expect(start([triple(4), triple(9)], { stored: triple(9) })).toMatchObject({
      state: triple(9),
      source: 'HOLDERS',
      holders: ['b'],
    });
  });

  it('is not one whose rows were cut: they would be missing for good', () => {
    expect(start([triple(30), triple(8)], { rowsStep: 10 })).toMatchObject({
      state: triple(8),
      holders: ['b'],
    });
    // Of the step under way there is no row yet.
    expect(start([triple(11, 0), triple(8)], { rowsStep: 10 })).toMatchObject({ state: triple(11, 0) });
  });

  it('is one that nobody trusts any more after replicas differed: the stored one, which nobody is asked for', () => {
    const mismatch = { position: { step: 9, phase: 1 }, suspects: ['b'] };
    const decision = start([triple(9), triple(5)], { stored: triple(5), mismatch });
    expect(decision).toMatchObject({
      state: triple(5),
      source: 'CHECKPOINT',
      holders: [],
      members: ['a', 'b'],
    });
    expect(decision.reason).toBe('2 trainers are ready, after replicas differed at step 9 g');
  });

  it('is held by a member: one that holds it takes the last place', () => {
    const states = [triple(5), triple(5), triple(6)];
    expect(start(states, { wanted: 2 })).toMatchObject({ members: ['a', 'c'], holders: ['c'] });
    expect(start(states.toReversed(), { wanted: 2 })).toMatchObject({ members: ['a', 'b'], holders: ['a'] });
    // What is stored needs no holder.
    expect(start(states, { wanted: 2, stored: triple(6) })).toMatchObject({
      members: ['a', 'b'],
      holders: [],
    });
  });

  it('is stored first when all that hold it stand by', () => {
    const quarantine = new Map([['b:7070', nowMs + 1]]);
    expect(start([triple(5), triple(6)], { quarantine })).toEqual({
      action: 'save',
      by: 'b',
      reason: 'trainer b:7070 stands by and no other one holds its state: it is stored',
      then: 'gather',
    });
  });
});

describe('a step that a coordinator before this one knew of', () => {
  const change = { trainers: [trainer('a', 'idle')], knownStep: 20, isStoredInitial: false };
  const at = (sinceMs: number, more: Partial<RunView> = {}): Decision =>
    decide({ stage: gathering(sinceMs), ...change, ...more });

  it('is waited for, for a while', () => {
    const reason = 'step 20 was reached, and nobody who holds it is back';
    expect(at(nowMs - options.rollbackMs)).toEqual({ action: 'wait', reason });
    expect(at(nowMs - options.rollbackMs - 1).action).toBe('start');
  });

  it.each<[string, Partial<RunView>]>([
    ['somebody is there who holds it', { trainers: [trainer('a', 'idle', { state: triple(20) })] }],
    ['it is stored', { stored: triple(20) }],
    ['all that are wanted are there', { wanted: 1 }],
  ])('is not waited for when %s', (_what, more) => {
    expect(at(nowMs, more).action).toBe('start');
  });
});

describe('trainers that come back to a coordinator that was away', () => {
  const a = trainer('a', 'running');
  const members = { generation: { id, members: membersOf(['a', 'b']) } };

  it('are waited for, and those that did not come are gone', () => {
    const at = (sinceMs: number): Decision =>
      decide({ stage: first(sinceMs), trainers: [a, trainer('c', 'idle')], ...members });
    const reason = '1 of 2 trainers came back to the coordinator';
    expect(at(nowMs - options.returnMs)).toEqual({ action: 'wait', reason });
    expect(at(nowMs - options.returnMs - 1)).toEqual({ action: 'close', atOnce: true, reason });
  });

  it('end their generation after a phase when all are back', () => {
    const trainers = [a, trainer('b', 'running')];
    expect(decide({ stage: first(), trainers, ...members })).toEqual({
      action: 'close',
      atOnce: false,
      reason: 'the coordinator was away; all 2 trainers went on',
    });
  });

  it('of a generation that is not the last are closed too', () => {
    const old = trainer('a', 'running', { generation: { term: 1, n: 0 } });
    const at = (sinceMs: number): string =>
      decide({ stage: first(sinceMs), trainers: [old], ...members }).action;
    expect([at(nowMs), at(0)]).toEqual(['wait', 'close']);
  });
});

describe('a trainer that was told to end', () => {
  const leaver = trainer('b', 'idle', { leaving: true });

  it.each<[string, Partial<RunView>]>([
    ['what it holds is stored', { trainers: [leaver], stored: triple(10) }],
    ['others are further', { trainers: [leaver, trainer('a', 'idle', { state: triple(11) })] }],
    ['another one holds its state', { trainers: [leaver, trainer('a', 'idle')] }],
    ['it was not ready yet', { trainers: [trainer('b', 'joined', { leaving: true })] }],
  ])('may when %s', (_what, change) => {
    expect(decide({ stage: gathering(), ...change })).toEqual({
      action: 'release',
      incarnation: 'b',
      reason: 'it was asked to end',
    });
  });

  it.each<[string, TrainerView[]]>([
    ['it alone holds the state', [leaver]],
    ['the others that hold it leave too', [leaver, trainer('c', 'idle', { leaving: true })]],
    ['others are behind', [trainer('a', 'idle', { state: triple(9) }), leaver]],
  ])('sends its state first when %s', (_what, trainers) => {
    expect(decide({ stage: gathering(), trainers })).toEqual({
      action: 'save',
      by: 'b',
      reason: 'trainer b:7070 leaves and no other one holds its state: it is stored',
      then: 'gather',
    });
  });

  it('ends its generation after a phase when it is a member, and is let go at once when it is none', () => {
    const running = [trainer('a', 'running'), trainer('b', 'running', { leaving: true })];
    expect(decide({ trainers: running })).toEqual({
      action: 'close',
      atOnce: false,
      reason: 'trainer b:7070 leaves',
    });
    const decision = decide({ trainers: [trainer('a', 'running'), leaver] });
    expect(decision).toMatchObject({ action: 'release', incarnation: 'b' });
  });
});

describe('while it computes, the run', () => {
  const two = [trainer('a', 'running'), trainer('b', 'running')];

  it('waits for its members', () => {
    expect(decide({ trainers: two })).toEqual({ action: 'wait', reason: '2 trainers at work' });
  });

  it('closes the generation at once when a member is lost, with the reason', () => {
    expect(decide({ trainers: [trainer('a', 'running')], lost: [lossOf('x')] })).toEqual({
      action: 'close',
      atOnce: true,
      reason: 'trainer x:7070 is lost: its session broke',
    });
  });

  it('takes a member that is back with another generation, or none, for lost', () => {
    const generation = { id, members: membersOf(['a', 'b']) };
    for (const change of [{ generation: undefined }, { generation: { term: 1, n: 0 } }]) {
      const trainers = [trainer('a', 'running'), trainer('b', 'idle', change)];
      expect(decide({ trainers, generation })).toMatchObject({ action: 'close', atOnce: true });
    }
  });

  it('does not mind the loss of one that was no member', () => {
    const generation = { id, members: membersOf(['a', 'b']) };
    expect(decide({ trainers: two, lost: [lossOf('x')], generation }).action).toBe('wait');
  });

  it('closes the generation at once when a member ended it by itself', () => {
    const halted = trainer('b', 'idle', { generation: id });
    const trainers = [trainer('a', 'running'), halted];
    expect(decide({ trainers })).toEqual({
      action: 'close',
      atOnce: true,
      reason: 'trainer b:7070 ended the generation',
    });
  });

  it('evicts a member that does not get on', () => {
    const slow = trainer('b', 'running', { progress: progressOf({ sinceMs: 0 }) });
    expect(decide({ trainers: [trainer('a', 'running'), slow] })).toMatchObject({
      action: 'evict',
      incarnation: 'b',
      kind: 'deadline',
    });
  });

  it('closes the generation after a phase when fewer are wanted', () => {
    expect(decide({ trainers: two, wanted: 1 })).toEqual({
      action: 'close',
      atOnce: false,
      reason: '1 trainer wanted, not 2',
    });
  });
});

describe('a trainer that would join', () => {
  const member = trainer('a', 'running');
  const joiner = (change: Partial<TrainerView> = {}): TrainerView => trainer('b', 'idle', change);
  const probe = (unreachable: readonly string[] | undefined, sinceMs = nowMs, generation = id) => ({
    probe: { generation, sinceMs, unreachable },
  });
  const probed = { action: 'probe', incarnation: 'b', reason: 'trainer b:7070 wants to join' };

  it('is asked first whether it and the members reach each other', () => {
    expect(decide({ trainers: [member, joiner()] })).toEqual(probed);
  });

  it('is let in after a phase when they do', () => {
    const reason = 'trainer b:7070 joins';
    const decision = decide({ trainers: [member, joiner(probe([]))] });
    expect(decision).toEqual({ action: 'close', atOnce: false, reason });
  });

  it.each([
    ['does not answer', undefined],
    ['does not reach all', ['a']],
  ])('waits when it %s, and is asked again after a while', (_what, unreachable) => {
    const at = (sinceMs: number): Decision =>
      decide({ trainers: [member, joiner(probe(unreachable, sinceMs))] });
    expect(at(nowMs - 30_000).action).toBe('wait');
    expect(at(nowMs - 30_001)).toEqual(probed);
  });

  it('is asked again in another generation', () => {
    const old = joiner(probe([], nowMs, { term: 1, n: 0 }));
    expect(decide({ trainers: [member, old] })).toEqual(probed);
  });

  it.each<[string, Partial<RunView>]>([
    ['no more are wanted', { wanted: 1 }],
    ['it is not ready', { trainers: [member, trainer('b', 'joined')] }],
    ['it is in quarantine', { quarantine: new Map([['b:7070', nowMs + 1]]) }],
    [
      'it is in quarantine, and reached all',
      {
        quarantine: new Map([['b:7070', nowMs + 1]]),
        trainers: [member, joiner(probe([]))],
      },
    ],
    ['the run is being stopped', { stopRequested: true }],
    ['members stand at the end', { trainers: [trainer('a', 'drained'), joiner()] }],
  ])('waits while %s', (_what, change) => {
    expect(decide({ trainers: [member, joiner()], ...change }).action).toBe('wait');
  });

  it('does not keep others from joining', () => {
    const trainers = [member, joiner(probe(['a'])), trainer('c', 'idle', probe([]))];
    expect(decide({ trainers }).reason).toBe('trainer c:7070 joins');
  });
});

describe('at the end, the run', () => {
  const trainers = [trainer('a', 'drained'), trainer('b', 'running')];

  it('is finished when the final checkpoint and all rows are stored', () => {
    const end = { action: 'end', code: 'none', reason: 'step 10 is stored' };
    const change = { trainers, finalStep: 10, rowsStep: 10 };
    expect(decide(change, { steps: 10 })).toEqual({ ...end, status: 'finished' });
    expect(decide(change)).toEqual({ ...end, status: 'stopped' });
  });

  it.each<[string, Partial<RunView>]>([
    ['the final checkpoint', { rowsStep: 10 }],
    ['the checkpoint of that step', { finalStep: 9, rowsStep: 10 }],
    ['the last row', { finalStep: 10, rowsStep: 9 }],
    ['a trainer at the end', { trainers: [trainer('b', 'running')], finalStep: 10, rowsStep: 10 }],
  ])('is not finished without %s', (_what, change) => {
    expect(decide({ trainers, ...change }, { steps: 10 }).action).toBe('wait');
  });

  it('says what it waits for', () => {
    expect(decide({ trainers }).reason).toBe('the last step is being stored');
    expect(decide({ trainers: [trainer('b', 'running')], stopRequested: true }).reason).toBe(
      'the last step is being stored',
    );
  });

  it('does not mind a loss when everything is stored', () => {
    const change = { trainers: [trainer('a', 'drained')], lost: [lossOf('x')], finalStep: 10 };
    expect(decide({ ...change, rowsStep: 10 })).toMatchObject({ action: 'end' });
    expect(decide({ ...change, rowsStep: 9 })).toMatchObject({ action: 'close', atOnce: true });
  });

  it('failed when members stopped for updates that were skipped', () => {
    expect(decide({ trainers, finalStep: 10, rowsStep: 10, skippedInRow: 3 })).toMatchObject({
      action: 'end',
      status: 'failed',
      code: 'nonfinite',
    });
  });

  it('changes nothing for one that leaves or is not wanted: it ends anyway', () => {
    const leaving = [trainer('a', 'drained'), trainer('b', 'running', { leaving: true })];
    expect(decide({ trainers: leaving, wanted: 1 }).action).toBe('wait');
  });
});

describe('replicas that differ', () => {
  const trainers = [trainer('a', 'running'), trainer('b', 'running'), trainer('c', 'running')];
  const mismatch = { position: { step: 10, phase: 1 }, suspects: ['b'] };

  it('close the generation at once, and are named', () => {
    expect(decide({ trainers, wanted: 3, mismatch })).toEqual({
      action: 'close',
      atOnce: true,
      reason: 'replicas differ at step 10 g: b:7070 from the others',
    });
  });

  it.each([{ name: 'running', sinceMs: nowMs } as const, gathering()])(
    'end the run the second time before a newer checkpoint, in any stage: $name',
    (stage) => {
      const standing = trainers.map((t) =>
        stage.name === 'running' ? t : { ...t, status: 'idle' as const },
      );
      const change = { stage, trainers: standing, wanted: 3, stored: triple(5) };
      expect(decide({ ...change, mismatch, returnedTo: triple(5) })).toEqual({
        action: 'end',
        status: 'failed',
        code: 'state_mismatch',
        reason:
          'replicas differ at step 10 g: b:7070 from the others, for the second time since the last checkpoint: ' +
          "don't use that machine",
      });
      const both = { ...mismatch, suspects: ['b', 'c'] };
      expect(decide({ ...change, mismatch: both, returnedTo: triple(5) }).reason).toMatch(
        /b:7070, c:7070 from the others, .*don't use those machines$/,
      );
      expect(decide({ ...change, mismatch, returnedTo: triple(4) }).action).not.toBe('end');
      expect(decide({ ...change, returnedTo: triple(5) }).action).not.toBe('end');
    },
  );
});

describe('while a generation is closed after a phase, the run', () => {
  const two = [trainer('a', 'running'), trainer('b', 'running')];
  const stage = closing(false, 0);

  it('waits for its members, however long that takes', () => {
    const reason = 'something happened: 2 trainers finish a phase';
    expect(decide({ stage, trainers: two })).toEqual({ action: 'wait', reason });
  });

  it('evicts one that does not get on', () => {
    const slow = trainer('b', 'running', { progress: progressOf({ sinceMs: 0 }) });
    const decision = decide({ stage, trainers: [trainer('a', 'running'), slow] });
    expect(decision).toMatchObject({ action: 'evict', incarnation: 'b' });
  });

  it('closes it at once when a member is lost: the others would wait for it', () => {
    expect(decide({ stage, trainers: [trainer('a', 'running')], lost: [lossOf('x')] })).toEqual({
      action: 'close',
      atOnce: true,
      reason: 'trainer x:7070 is lost: its session broke',
    });
  });

  it('decides anew once all stand still', () => {
    const trainers = [trainer('a', 'idle', { generation: id }), trainer('b', 'drained')];
    expect(decide({ stage, trainers })).toEqual({ action: 'gather', reason: 'something happened' });
  });
});

describe('while a generation is closed at once, the run', () => {
  const trainers = [trainer('a', 'idle', { generation: id }), trainer('b', 'running')];

  it('waits until every member said where it stands, for a while, and evicts who does not', () => {
    const at = (sinceMs: number): Decision => decide({ stage: closing(true, sinceMs), trainers });
    expect(at(nowMs - options.closeMs)).toEqual({
      action: 'wait',
      reason: '1 trainer still to say where they stand',
    });
    expect(at(nowMs - options.closeMs - 1)).toEqual({
      action: 'evict',
      incarnation: 'b',
      reason: 'it did not answer prepare within 10 s',
      kind: 'deadline',
    });
  });

  it('does not wait for those that are lost', () => {
    const decision = decide({ stage: closing(true), trainers: trainers.slice(0, 1), lost: [lossOf('b')] });
    expect(decision).toEqual({ action: 'gather', reason: 'something happened' });
  });
});

describe('while a state is stored, the run', () => {
  const trainers = [trainer('a', 'idle'), trainer('b', 'idle')];
  const at = (then: 'gather' | typeof failed, change: Partial<RunView> = {}, sinceMs = nowMs): Decision =>
    decide({ stage: saving(then, sinceMs), trainers, ...change });

  it.each([['gather'] as const, [failed] as const])('waits for it: then %j', (then) => {
    expect(at(then)).toEqual({ action: 'wait', reason: 'the last state is being stored' });
    expect(at(then, {}, nowMs - options.saveMs).action).toBe('wait');
  });

  it('decides anew once it is there, or does not come', () => {
    expect(at('gather', { stored: triple(10) })).toEqual({ action: 'gather', reason: 'the state is stored' });
    const late = at('gather', {}, nowMs - options.saveMs - 1);
    expect(late).toEqual({ action: 'gather', reason: 'something happened' });
  });

  it('ends, where that follows, once it is there or does not come', () => {
    expect(at(failed, { stored: triple(10) })).toEqual({ action: 'end', ...failed });
    expect(at(failed, {}, nowMs - options.saveMs - 1)).toEqual({ action: 'end', ...failed });
  });

  it.each([['gather'] as const, [failed] as const])(
    'decides anew when the one that was asked is lost: another one may hold as much; then %j',
    (then) => {
      expect(at(then, { trainers: [trainer('b', 'idle')] })).toEqual({
        action: 'gather',
        reason: 'something happened',
      });
    },
  );
});

describe('whatever a run knows', () => {
  const anyTriple = fc
    .record({ step: fc.nat(12), phase: fc.nat(1), term: fc.nat(2), n: fc.nat(2) })
    .map(({ step, phase, term, n }) => triple(step, phase, term, n));
  const anyTrainer = (incarnation: string) =>
    fc.record({
      incarnation: fc.constant(incarnation),
      address: fc.constant(`${incarnation}:7070`),
      status: fc.constantFrom('joined', 'idle', 'running', 'drained'),
      generation: fc.constantFrom(undefined, id, { term: 1, n: 0 }),
      state: anyTriple,
      leaving: fc.constantFrom(false, false, false, true),
      heardAtMs: fc.constantFrom(nowMs, nowMs, nowMs, 0),
      progress: fc.constantFrom(progressOf(), progressOf({ sinceMs: 0 })),
      probe: fc.constantFrom(undefined, { generation: id, sinceMs: nowMs, unreachable: [] }),
    }) as fc.Arbitrary<TrainerView>;
  const anyRun = fc.record({
    stage: fc.constantFrom<Stage>(
      first(),
      first(0),
      gathering(),
      gathering(0),
      { name: 'running', sinceMs: 0 },
      closing(true),
      closing(true, 0),
      closing(false),
      saving('gather'),
      saving(failed, 0),
    ),
    trainers: fc.tuple(...[...'abcd'].map(anyTrainer)).chain((all) => fc.subarray(all)),
    wanted: fc.integer({ min: 1, max: 4 }),
    stopRequested: fc.boolean(),
    stored: anyTriple,
    isStoredInitial: fc.boolean(),
    rowsStep: fc.nat(12),
    knownStep: fc.nat(12),
    finalStep: fc.option(fc.nat(12), { nil: undefined }),
    skippedInRow: fc.constantFrom(0, 0, 3),
    mismatch: fc.option(fc.constant({ position: { step: 3, phase: 1 }, suspects: ['a'] }), {
      nil: undefined,
    }),
    returnedTo: fc.option(anyTriple, { nil: undefined }),
    quarantine: fc.subarray([...'abcd']).map((all) => new Map(all.map((i) => [`${i}:7070`, nowMs + 1]))),
    generation: fc.subarray([...'abcd']).map((all) => ({ id, members: membersOf(all) })),
  });

  it('a decision is about trainers that are there', () => {
    fc.assert(
      fc.property(anyRun, fc.boolean(), (change, exact) => {
        const decision = decide(change, { exact });
        const present = change.trainers.map(({ incarnation }) => incarnation);
        if ('incarnation' in decision) expect(present).toContain(decision.incarnation);
        if (decision.action === 'save') expect(present).toContain(decision.by);
        expect(decision.reason).not.toBe('');
      }),
    );
  });

  it('a generation starts with trainers that stand still, and from a state that is to be had', () => {
    let starts = 0;
    fc.assert(
      fc.property(anyRun, fc.boolean(), (change, exact) => {
        // The way to a start, where trainers stand still and nothing ends the run.
        const trainers = change.trainers.map((t): TrainerView =>
          t.status === 'running' ? { ...t, status: 'idle', heardAtMs: nowMs } : { ...t, heardAtMs: nowMs },
        );
        const going = { stage: gathering(), trainers, stopRequested: false, finalStep: undefined };
        const decision = decide({ ...change, ...going }, { exact });
        if (decision.action !== 'start') return;
        starts += 1;
        const { members, holders, state, source } = decision;
        const of = (incarnation: string): TrainerView | undefined =>
          trainers.find((t) => t.incarnation === incarnation);
        expect(new Set(members).size).toBe(members.length);
        expect(members.length).toBeLessThanOrEqual(change.wanted);
        for (const member of members) {
          expect(['idle', 'drained']).toContain(of(member)?.status);
          expect(of(member)?.leaving).toBe(false);
          expect(change.quarantine.has(`${member}:7070`)).toBe(false);
        }
        for (const holder of holders) {
          expect(members).toContain(holder);
          expect(of(holder)?.state).toEqual(state);
        }
        if (source !== 'HOLDERS') expect(isSameTriple(state, change.stored)).toBe(true);
        expect(source === 'HOLDERS').toBe(holders.length > 0);
        expect(isFurther(change.stored, state, exact)).toBe(false);
      }),
      { numRuns: 1000 },
    );
    expect(starts).toBeGreaterThan(100);
  });
});
