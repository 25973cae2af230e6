import { describe, expect, it } from 'vitest';
import { createEventHub } from './events.js';

const never = new AbortController().signal;
const note = (message: string) => ({ note: { message } });

/** What a watcher gets until its stream ends. */
async function messagesOf(events: AsyncIterable<{ note?: { message?: string } | null }>): Promise<string[]> {
  const messages: string[] = [];
  for await (const event of events) messages.push(event.note?.message ?? 'end');
  return messages;
}

describe('the event hub', () => {
  it('gives every watcher what happens from when it watches, in order, to the end of the run', async () => {
    const hub = createEventHub();
    hub.emit(note('before'));
    const first = messagesOf(hub.watch(never));
    hub.emit(note('one'));
    const second = messagesOf(hub.watch(never));
    hub.emit(note('two'));
    hub.emit({ finished: { step: 2, status: 'finished', weightsHash: '' } });
    hub.emit(note('after'));
    expect(await first).toEqual(['one', 'two', 'end']);
    expect(await second).toEqual(['two', 'end']);
  });

  it('ends with a failure too', async () => {
    const hub = createEventHub();
    const watching = messagesOf(hub.watch(never));
    hub.emit({ failed: { code: 'io', message: 'the disk is full' } });
    expect(await watching).toEqual(['end']);
  });

  it('stamps events with the time', async () => {
    const hub = createEventHub();
    const next = hub.watch(never).next();
    const before = Date.now() / 1000;
    hub.emit(note('x'));
    const { value } = await next;
    expect(value?.time).toBeGreaterThanOrEqual(before);
    expect(value?.time).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it('keeps the last events for who asks later, without rows and files, and the last row', () => {
    const hub = createEventHub();
    expect([hub.recent(), hub.lastRow()]).toEqual([[], null]);
    for (let i = 0; i < 60; i++) {
      hub.emit(note(String(i)));
      hub.emit({ row: { step: i } });
      hub.emit({ file: { path: 'x' } });
    }
    const messages = hub.recent().map((event) => event.note?.message);
    expect(messages).toEqual(Array.from({ length: 50 }, (_, i) => String(10 + i)));
    expect(hub.lastRow()).toEqual({ step: 59 });
    // What was given out is nobody's to change.
    hub.recent().splice(0);
    expect(hub.recent()).toHaveLength(50);
  });

  it('lets go of a watcher when its signal aborts, waiting or not', async () => {
    const hub = createEventHub();
    const gone = new AbortController();
    const watching = messagesOf(hub.watch(gone.signal));
    gone.abort();
    expect(await watching).toEqual([]);
    expect(await messagesOf(hub.watch(AbortSignal.abort()))).toEqual([]);
  });

  it('drops the oldest events of a watcher that does not read, and keeps the newest', async () => {
    const hub = createEventHub();
    const events = hub.watch(never);
    const first = events.next();
    hub.emit(note('first'));
    await first;
    for (let i = 0; i < 12_000; i++) hub.emit(note(String(i)));
    hub.emit({ finished: { step: 1, status: 'finished', weightsHash: '' } });
    const messages = await messagesOf(events);
    expect(messages).toHaveLength(10_000);
    expect(messages.slice(-2)).toEqual(['11999', 'end']);
  });
});
