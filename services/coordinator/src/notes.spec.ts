import type { Event } from '@gan-train/rpc';
import { describe, expect, it } from 'vitest';
import { createEventHub } from './events.js';
import type { Note } from './membership/inputs-and-effects.js';
import { createCoordinatorMetrics } from './metrics.js';
import { noteTaken } from './notes.js';
import { keepingLog, tinyConfig } from './testing.js';

/** What the log says, what who watches sees, and a metric's value. */
async function told(...notes: Note[]) {
  const events = createEventHub();
  const metrics = createCoordinatorMetrics(tinyConfig, '1');
  const { log, said } = keepingLog();
  for (const note of notes) noteTaken(note, { events, metrics, log });
  const text = await metrics.registry.metrics();
  const valueOf = (name: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`gan_train_${name}`))
      ?.split(' ')
      .at(-1);
  const messages = events.recent().map(({ note, generation }: Event) => note?.message ?? generation?.reason);
  return { said, messages, valueOf };
}

const lost: Note = {
  name: 'lost',
  incarnation: 'i',
  address: 'a:1',
  how: 'silence',
  reason: 'silent for 5 s',
  wasMember: true,
};

describe('what happens to a run', () => {
  it('is logged when it is decided', async () => {
    const { said, messages } = await told({ name: 'decided', action: 'wait', reason: 'r' });
    expect([said, messages]).toEqual([[{ level: 'info', message: 'decision' }], []]);
  });

  it('is told of a generation with its members, and measured', async () => {
    const note = {
      name: 'started',
      id: { term: 3, n: 4 },
      position: { step: 7, phase: 0 },
      members: [],
      healing: 0,
      reason: 'ready',
    } as const;
    const { said, messages, valueOf } = await told(note);
    expect([said[0]?.message, messages]).toEqual(['generation started', ['ready']]);
    expect([valueOf('term '), valueOf('generation ')]).toEqual(['3', '4']);
  });

  it('is told of what ended a generation', async () => {
    expect((await told({ name: 'closed', atOnce: true, reason: 'a is lost' })).messages).toEqual([
      'a is lost',
    ]);
  });

  it('is counted by reason when a trainer is lost; who watches hears of one that was no member', async () => {
    const member = await told(lost, lost);
    expect(member.messages).toEqual([]);
    expect(member.said[0]).toEqual({ level: 'warn', message: 'trainer lost' });
    expect(member.valueOf('evictions_total{reason="silence"}')).toBe('2');
    const other = await told({ ...lost, wasMember: false });
    expect(other.messages).toEqual(['trainer a:1, not a member, is gone: silent for 5 s']);
  });

  it('is told of a trainer that left', async () => {
    const note = {
      name: 'released',
      incarnation: 'i',
      address: 'a:1',
      reason: 'it was asked to end',
    } as const;
    expect((await told(note)).messages).toEqual(['trainer a:1 left: it was asked to end']);
  });

  it('is told and measured while nothing gets on, until something is decided', async () => {
    const stalled = { name: 'stalled', seconds: 12.3, reason: 'waits for a' } as const;
    const { messages, valueOf } = await told(stalled);
    expect(messages).toEqual(['no progress for 12 s: waits for a']);
    expect(valueOf('stalled_seconds')).toBe('12.3');
    const after = await told(stalled, { name: 'decided', action: 'close', reason: 'r' });
    expect(after.valueOf('stalled_seconds')).toBe('0');
  });

  it('is an error when replicas differ', async () => {
    const { said, valueOf } = await told({ name: 'mismatch', position: { step: 1, phase: 0 } });
    expect(said).toEqual([{ level: 'error', message: 'replicas differ' }]);
    expect(valueOf('state_mismatches_total')).toBe('1');
  });
});
