import type { GenerationId, LossRow, SessionDown__Output, SessionUp, Triple } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';
import { describe, expect, it } from 'vitest';
import {
  createMembership,
  type Config,
  type Membership,
  type Probe,
  type TrainerActions,
} from './membership.js';

const triple = (step: number, phase = 1): Triple => ({
  generation: { term: 1, n: 1 },
  position: { step, phase },
});
const row = (step: number): LossRow => ({
  step,
  dLoss: 1,
  gLoss: 1,
  dReal: 0.5,
  dFake: 0.5,
  imagesPerSecond: 9,
  skippedPhases: 0,
});
const generation = (n: number, term = 1): GenerationId => ({ term, n });
const broken = new GanTrainError('coordinator_lost', 'the connection broke');

interface Case {
  membership: Membership;
  /** All that was done so far, in its order, and what was sent. */
  done: unknown[];
  /** While a generation is closed. */
  onClose: () => void;
  /** What is done from here on. */
  since(act: () => void): unknown[];
  sent(): SessionUp[];
  at: { step: number; phase: number };
  hear(message: Partial<SessionDown__Output>, nowMs?: number): void;
  config(change?: Partial<Config>): void;
  start(n: number, change?: { term?: number; step?: number; phase?: number; members?: string[] }): void;
}

/** A trainer that looks for its coordinator; its lives are called i1, i2 and so on. */
function looking(): Case {
  const done: unknown[] = [];
  const at = { step: 0, phase: 1 };
  let lives = 0;
  const actions: TrainerActions = {
    connect: (afterMs) => done.push({ connect: afterMs }),
    disconnect: () => done.push('disconnect'),
    send: (message) => done.push({ send: structuredClone(message) }),
    renew: () => `i${++lives}`,
    prepare: () => done.push('prepare'),
    open: (start) => done.push({ open: start.generation }),
    close(serving) {
      done.push({ close: serving });
      one.onClose();
    },
    committed: () => {
      done.push('committed');
      return triple(at.step, at.phase);
    },
    wish: (what) => done.push({ wish: what }),
    saveState: (of) => done.push({ saveState: of }),
    gridStored: (step) => done.push({ gridStored: step }),
    forgetAfter: (step) => done.push({ forgetAfter: step }),
    probe: (probe) => done.push({ probe }),
    done: (reason) => done.push({ done: reason }),
    fail: ({ code, what }) => done.push({ fail: code, what }),
  };
  const hello = { protocol: 2, engines: [], pid: 7, host: 'h' };
  const membership = createMembership({ address: 'h:1', hello, connectMs: 60_000 }, actions);
  const one: Case = {
    membership,
    done,
    onClose: () => undefined,
    since(act) {
      const before = done.length;
      act();
      return done.slice(before);
    },
    sent: () =>
      done.flatMap((entry) =>
        typeof entry === 'object' && 'send' in (entry as object) ? [(entry as { send: SessionUp }).send] : [],
      ),
    at,
    hear: (message, nowMs = 1) => membership.heard(nowMs, message),
    config(change = {}) {
      const config = { runId: 'run-1', identityHash: 'identity-1', term: 1, generation: null, ...change };
      one.hear({ config: config as Config });
    },
    start(n, { term = 1, step = 0, phase = 1, members = ['i0', membership.incarnation] } = {}) {
      const start = {
        generation: generation(n, term),
        members: members.map((incarnation) => ({ incarnation })),
        state: triple(step, phase),
        steps: 100,
        source: 'HOLDERS',
      };
      one.hear({ start: start as unknown as NonNullable<SessionDown__Output['start']> });
    },
  };
  membership.start(1);
  return one;
}

const readiness = { probeHash: 'probe-1', engine: 'cpu', reconnectMs: 300_000 };

/** A trainer that its coordinator has taken. */
function joined(): Case {
  const one = looking();
  one.membership.connected();
  one.config();
  one.membership.ready(readiness);
  return one;
}

/** A trainer in generation 1.1, at step 5, with rows up to there. */
function member(): Case {
  const one = joined();
  one.start(1);
  for (let step = 1; step <= 5; step++) one.membership.addRow(row(step));
  one.at.step = 5;
  return one;
}

/** The session breaks, and the next one begins. */
function comeBack(one: Case, change: Partial<Config> = {}): void {
  one.membership.disconnected(10, broken);
  one.membership.connected();
  one.config(change);
}

const stepsOf = (rows: readonly { step?: number }[] | undefined): unknown[] | undefined =>
  rows?.map(({ step }) => step);

describe('a trainer that joins', () => {
  it('says who it is, makes itself ready, and says so', () => {
    const one = looking();
    const { membership } = one;
    expect(one.done).toEqual([{ connect: 0 }]);
    expect(one.since(() => membership.connected())).toEqual([
      {
        send: {
          hello: {
            protocol: 2,
            engines: [],
            pid: 7,
            host: 'h',
            address: 'h:1',
            incarnation: 'i1',
            runId: '',
          },
        },
      },
    ]);
    expect([membership.hasSession, membership.isConnected]).toEqual([true, false]);
    expect(one.since(() => one.config())).toEqual(['prepare']);
    expect(one.since(() => membership.ready(readiness))).toEqual([
      'committed',
      {
        send: {
          ready: {
            identityHash: 'identity-1',
            probeHash: 'probe-1',
            engine: 'cpu',
            state: triple(0),
            rows: [],
          },
        },
      },
    ]);
    expect(membership.isConnected).toBe(true);
    expect(one.since(() => one.start(1))).toEqual([{ forgetAfter: 0 }, { open: generation(1) }]);
    expect([membership.open, membership.generation]).toEqual([generation(1), generation(1)]);
  });

  it('makes itself ready once, though its coordinator goes and comes meanwhile', () => {
    const one = looking();
    one.membership.connected();
    one.config();
    expect(one.since(() => comeBack(one))).not.toContain('prepare');
    one.membership.ready(readiness);
    expect(one.sent().filter(({ ready }) => ready)).toHaveLength(1);
  });

  it('that becomes ready while it has no session says so in the next', () => {
    const one = looking();
    one.membership.connected();
    one.config();
    one.membership.disconnected(2, broken);
    expect(one.since(() => one.membership.ready(readiness))).toEqual([]);
    expect(one.since(() => one.membership.connected())).toHaveLength(1);
    expect(one.since(() => one.config()).map((x) => Object.keys(x as object)[0])).toContain('send');
    expect(one.sent().filter(({ ready }) => ready)).toHaveLength(1);
  });

  it('that becomes ready before a session said its term waits for that', () => {
    const one = looking();
    one.membership.connected();
    one.config();
    one.membership.disconnected(2, broken);
    one.membership.connected();
    expect(one.since(() => one.membership.ready(readiness))).toEqual([]);
    expect(one.since(() => one.config())).toHaveLength(2);
  });

  it('tells nobody anything before it is taken', () => {
    const one = looking();
    one.membership.connected();
    const { membership } = one;
    expect(
      one.since(() => {
        membership.hashed(triple(1), 'x');
        membership.leave(5);
        membership.failed('io', 'x');
        membership.probed({ generation: null, members: [] }, []);
      }),
    ).toEqual([]);
  });

  it('is refused for good, with the reason', () => {
    const one = looking();
    one.membership.connected();
    expect(one.since(() => one.hear({ refused: { code: 'refused', message: 'no such engine' } }))).toEqual([
      { fail: 'refused', what: 'the coordinator refused this trainer: no such engine' },
    ]);
    expect(one.since(() => one.membership.disconnected(5, broken))).toEqual([]);
  });
});

describe('a coordinator', () => {
  it('of a lower term is not listened to: it is an old one that woke up, and another is looked for', () => {
    const one = member();
    comeBack(one, { term: 4, generation: generation(1) });
    one.membership.disconnected(20, broken);
    one.membership.connected();
    const connects = one.since(() => one.config({ term: 3, generation: generation(1) }));
    expect(connects[0]).toBe('disconnect');
    expect(connects[1]).toHaveProperty('connect');
    expect(connects).toHaveLength(2);
    // It goes on computing meanwhile.
    expect([one.membership.open, one.membership.hasSession]).toEqual([generation(1), false]);
    expect(one.membership.config?.term).toBe(4);
    one.membership.connected();
    one.config({ term: 4, generation: generation(1) });
    expect(one.membership.isConnected).toBe(true);
  });

  it.each([
    ['run', { runId: 'run-2' }],
    ['identity', { identityHash: 'identity-2' }],
  ])('with another %s ends the trainer', (_what, change) => {
    const one = member();
    one.membership.disconnected(10, broken);
    one.membership.connected();
    expect(one.since(() => one.config(change))).toEqual([
      { fail: 'refused', what: 'the coordinator has another run now' },
    ]);
  });

  it('that came anew hears of everything again', () => {
    const one = member();
    one.membership.hashed(triple(4), 'x');
    one.membership.leave(25);
    one.membership.disconnected(10, broken);
    one.membership.connected();
    expect(one.sent().at(-1)?.hello).toMatchObject({ incarnation: 'i1', runId: 'run-1' });
    const before = one.sent().length;
    one.config({ term: 2, generation: generation(1) });
    const [ready, ...rest] = one.sent().slice(before);
    expect(ready?.ready).toMatchObject({ state: triple(5), generation: generation(1) });
    expect(stepsOf(ready?.ready?.rows)).toEqual([1, 2, 3, 4, 5]);
    expect(rest).toEqual([{ stateHash: { state: triple(4), hash: 'x' } }, { leave: { graceSeconds: 25 } }]);
  });

  it('that has another generation than the open one gave this place to others: it is closed', () => {
    for (const [said, isOpen] of [
      [generation(1), true],
      [generation(2), false],
      [generation(1, 2), false],
      [null, false],
    ] as const) {
      const one = member();
      const effects = one.since(() => comeBack(one, { generation: said }));
      expect(effects.some((x) => JSON.stringify(x) === '{"close":false}')).toBe(!isOpen);
      expect(one.membership.open).toEqual(isOpen ? generation(1) : undefined);
      expect(one.sent().at(-1)?.ready?.generation).toEqual(isOpen ? generation(1) : undefined);
      // The triple is read after the close.
      if (!isOpen)
        expect(effects.findIndex((x) => x === 'committed')).toBeGreaterThan(
          effects.findIndex((x) => JSON.stringify(x) === '{"close":false}'),
        );
    }
  });
});

describe('a coordinator that is gone', () => {
  const backoffsOf = (one: Case, times: number, atMs = 10): unknown[] =>
    Array.from({ length: times }, () => one.since(() => one.membership.disconnected(atMs, broken))).flat();

  it('is looked for again and again, ever more slowly', () => {
    const backoffs = [100, 200, 400, 800, 1_600, 2_000, 2_000].map((connect) => ({ connect }));
    expect(backoffsOf(member(), 7)).toEqual(backoffs);
  });

  it('is looked for at once again after it was there, but not after a session that nothing was heard in', () => {
    const one = member();
    backoffsOf(one, 3);
    one.membership.connected();
    expect(backoffsOf(one, 1)).toEqual([{ connect: 800 }]);
    one.membership.connected();
    one.config({ generation: generation(1) });
    expect(backoffsOf(one, 1)).toEqual([{ connect: 100 }]);
  });

  it.each([
    ['at first', looking, 1, 60_000],
    ['once it was there', member, 10, 300_000],
  ] as const)('is given up after a while: %s', (_when, make, sinceMs, limitMs) => {
    const one = make();
    one.membership.disconnected(sinceMs, broken);
    const last = one.since(() => one.membership.disconnected(sinceMs + limitMs, broken));
    expect(last).toEqual([{ connect: 200 }]);
    const over = one.since(() => one.membership.disconnected(sinceMs + limitMs + 1, broken));
    expect(over).toEqual([
      {
        fail: 'coordinator_lost',
        what: `no coordinator answered for ${limitMs / 1000} s: the connection broke`,
      },
    ]);
  });

  it('is given up counting from when it went', () => {
    const one = member();
    one.membership.disconnected(10, broken);
    one.membership.connected();
    one.config({ generation: generation(1) });
    one.membership.disconnected(300_000, broken);
    expect(one.since(() => one.membership.disconnected(600_000, broken))).toEqual([{ connect: 200 }]);
  });

  it('misses nothing that it has to know: rows are kept, and the generation goes on', () => {
    const one = member();
    one.membership.disconnected(10, broken);
    one.membership.addRow(row(6));
    expect(stepsOf(one.membership.rows)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(one.membership.open).toEqual(generation(1));
    expect([one.membership.hasSession, one.membership.isConnected]).toEqual([false, false]);
  });
});

describe('the rows of a trainer', () => {
  it('are kept until they are confirmed; grids too', () => {
    const one = member();
    expect(one.since(() => one.hear({ rowsStored: { step: 3, gridStep: 0 } }))).toEqual([]);
    expect(stepsOf(one.membership.rows)).toEqual([4, 5]);
    expect(one.since(() => one.hear({ rowsStored: { step: 3, gridStep: 2 } }))).toEqual([{ gridStored: 2 }]);
    expect(stepsOf(one.membership.rows)).toEqual([4, 5]);
  });

  it.each([
    [3, 1, 3],
    [4, 0, 3],
  ])('beyond the start of a generation are made again: step %i phase %i', (step, phase, last) => {
    const one = member();
    expect(one.since(() => one.start(2, { step, phase }))).toEqual([
      { forgetAfter: last },
      { open: generation(2) },
    ]);
    expect(stepsOf(one.membership.rows)).toEqual([1, 2, 3]);
  });
});

describe('prepare', () => {
  const prepare = (one: Case, of: GenerationId | null): unknown[] =>
    one.since(() => one.hear({ prepare: { generation: of } }));

  it('closes first, and then says what was committed last', () => {
    const one = member();
    const effects = prepare(one, generation(1));
    expect(effects).toEqual([
      { close: false },
      'committed',
      { send: { prepared: { generation: generation(1), state: triple(5), rows: [1, 2, 3, 4, 5].map(row) } } },
    ]);
    expect([one.membership.open, one.membership.generation]).toEqual([undefined, generation(1)]);
  });

  it('brings the rows of what was committed until the close', () => {
    const one = member();
    one.onClose = () => one.membership.addRow(row(6));
    prepare(one, generation(1));
    expect(stepsOf(one.sent().at(-1)?.prepared?.rows)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('has nothing open while it closes; what is served on is open until it is closed', () => {
    const one = member();
    const seen: unknown[] = [];
    one.onClose = () => seen.push(one.membership.open);
    one.membership.halted();
    one.start(2);
    prepare(one, generation(2));
    expect(seen).toEqual([generation(1), undefined]);
  });

  it('of another generation than the open one is an old message', () => {
    for (const of of [generation(0), generation(2), generation(1, 2), null]) {
      const one = member();
      expect(prepare(one, of)).toEqual([]);
      expect(one.membership.open).toEqual(generation(1));
    }
  });

  it('is answered again when nothing is open', () => {
    const one = member();
    prepare(one, generation(1));
    expect(prepare(one, generation(1)).at(-1)).toMatchObject({ send: { prepared: { state: triple(5) } } });
    // Whatever it is called by a coordinator that was told of another one.
    const prepared = { generation: generation(7), state: triple(5) };
    expect(prepare(one, generation(7)).at(-1)).toMatchObject({ send: { prepared } });
  });
});

describe('a generation', () => {
  it('of a lower term is not begun', () => {
    const one = member();
    comeBack(one, { term: 3, generation: generation(1) });
    expect(one.since(() => one.start(9, { term: 2 }))).toEqual([]);
    expect(one.since(() => one.start(1, { term: 3 }))).toHaveLength(2);
  });

  it('without this trainer is not begun', () => {
    const one = member();
    expect(one.since(() => one.start(2, { members: ['i0', 'i9'] }))).toMatchObject([{ fail: 'protocol' }]);
  });

  it('is paused when its members are to agree on a phase, and not another', () => {
    const one = member();
    const pause = (of: GenerationId): unknown[] => one.since(() => one.hear({ pause: { generation: of } }));
    expect(pause(generation(2))).toEqual([]);
    expect(pause(generation(1))).toEqual([{ wish: 'pause' }]);
    one.membership.halted();
    expect(pause(generation(1))).toEqual([]);
  });

  it('that the members ended is served on, for those that are not so far, and said', () => {
    const one = member();
    expect(one.since(() => one.membership.halted())).toEqual([
      { close: true },
      'committed',
      { send: { prepared: { generation: generation(1), state: triple(5), rows: [1, 2, 3, 4, 5].map(row) } } },
    ]);
    expect(one.membership.open).toBeUndefined();
    // Once is enough.
    expect(one.since(() => one.membership.halted())).toEqual([]);
    // Then prepare ends the serving too.
    expect(one.since(() => one.hear({ prepare: { generation: generation(1) } }))[0]).toEqual({
      close: false,
    });
  });

  it('whose end was reached is served on, and said', () => {
    const one = member();
    expect(one.since(() => one.membership.drained(3))).toMatchObject([
      { close: true },
      'committed',
      { send: { drained: { generation: generation(1), state: triple(5), skippedInRow: 3 } } },
    ]);
    expect(one.membership.open).toBeUndefined();
  });

  it('whose end was reached while nobody was there is known to the next coordinator by what is said then', () => {
    const one = member();
    one.membership.disconnected(10, broken);
    expect(one.since(() => one.membership.halted())).toEqual([{ close: true }, 'committed']);
    one.membership.connected();
    one.config({ generation: generation(1) });
    const { ready } = one.sent().at(-1) as { ready: { generation?: unknown; rows: LossRow[] } };
    expect(ready.generation).toBeUndefined();
    expect(stepsOf(ready.rows)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('a trainer whose place was given up', () => {
  const fenced = { refused: { code: 'fenced', message: 'its place was given up' } };

  it('closes its generation and joins anew, as another, with what it holds', () => {
    const one = member();
    expect(one.since(() => one.hear(fenced))).toEqual([{ close: false }, 'disconnect', { connect: 100 }]);
    expect([one.membership.incarnation, one.membership.hasSession]).toEqual(['i2', false]);
    one.membership.connected();
    expect(one.sent().at(-1)?.hello).toMatchObject({ incarnation: 'i2', runId: 'run-1' });
    one.config({ generation: generation(2) });
    const { ready } = one.sent().at(-1) as {
      ready: { generation?: unknown; state: unknown; rows: LossRow[] };
    };
    expect(ready).toMatchObject({ state: triple(5) });
    expect(ready.generation).toBeUndefined();
    expect(stepsOf(ready.rows)).toEqual([1, 2, 3, 4, 5]);
    expect(one.since(() => one.start(2))).toHaveLength(2);
  });

  it('says no hash of before under its old name', () => {
    const one = member();
    one.hear(fenced);
    expect(one.since(() => one.membership.hashed(triple(5), 'x'))).toEqual([]);
  });
});

describe('what a coordinator asks for', () => {
  it('is done', () => {
    const one = member();
    const probe: Probe = { generation: generation(1), members: [] };
    expect(one.since(() => one.hear({ stop: {} }))).toEqual([{ wish: 'stop' }]);
    expect(one.since(() => one.hear({ saveState: { generation: generation(1) } }))).toEqual([
      { saveState: generation(1) },
    ]);
    expect(one.since(() => one.hear({ probe }))).toEqual([{ probe }]);
    expect(one.since(() => one.membership.probed(probe, ['i0']))).toEqual([
      { send: { probed: { generation: generation(1), unreachable: ['i0'] } } },
    ]);
  });

  it('to end closes everything, and afterwards nothing is heard or looked for', () => {
    const one = member();
    expect(one.since(() => one.hear({ done: { reason: 'step 5 is stored' } }))).toEqual([
      { close: false },
      { done: 'step 5 is stored' },
    ]);
    expect(one.since(() => one.membership.disconnected(99, broken))).toEqual([]);
    expect(one.since(() => one.start(2))).toEqual([]);
  });
});

describe('a trainer that is told to end', () => {
  it('says so at once, and to each coordinator that comes', () => {
    const one = member();
    const leave = { send: { leave: { graceSeconds: 25 } } };
    expect(one.since(() => one.membership.leave(25))).toEqual([leave]);
    expect(one.since(() => comeBack(one, { generation: generation(1) }))).toContainEqual(leave);
  });

  it('says so once somebody is there to hear it', () => {
    const one = member();
    one.membership.disconnected(10, broken);
    expect(one.since(() => one.membership.leave(25))).toEqual([]);
    one.membership.connected();
    expect(one.since(() => one.config({ generation: generation(1) })).at(-1)).toEqual({
      send: { leave: { graceSeconds: 25 } },
    });
  });
});

describe('a trainer that fails', () => {
  it('says why', () => {
    const one = member();
    expect(one.since(() => one.membership.failed('io', 'it broke'))).toEqual([
      { send: { failed: { code: 'io', message: 'it broke' } } },
    ]);
  });
});
