import type { ClientReadableStream } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { encodeChunk } from './chunk.js';
import { readChunks } from './read-chunks.js';

/** A call whose messages have all arrived. */
function callOf(...messages: readonly Buffer[]) {
  let cancels = 0;
  const call = { cancel: () => cancels++, [Symbol.asyncIterator]: () => messages[Symbol.iterator]() };
  return { call: call as unknown as ClientReadableStream<unknown>, cancels: () => cancels };
}

const eight = [encodeChunk(0, Buffer.from('abcd')), encodeChunk(4, Buffer.from('efgh'))];
const wanted = (): AbortSignal => new AbortController().signal;

async function textOf(...given: Parameters<typeof readChunks>): Promise<string> {
  let text = '';
  for await (const { payload } of readChunks(...given)) text += payload.toString();
  return text;
}

describe('the chunks of a call', () => {
  it('are given in order, and the call is over afterwards', async () => {
    const { call, cancels } = callOf(...eight);
    expect(await textOf(call, 8, wanted())).toBe('abcdefgh');
    expect(cancels()).toBe(1);
  });

  it.each([
    ['too few', 12, eight],
    ['too many', 4, eight],
    ['with a gap', 8, eight.slice(1)],
  ])('are refused when they are %s', async (_how, sizeBytes, chunks) => {
    await expect(textOf(callOf(...chunks).call, sizeBytes, wanted())).rejects.toMatchObject({
      code: 'protocol',
    });
  });

  it('may lie elsewhere, where the caller has agreed to that', async () => {
    const elsewhere = encodeChunk(8, Buffer.alloc(0));
    expect(await textOf(callOf(elsewhere).call, 8, wanted(), true)).toBe('');
    await expect(textOf(callOf(elsewhere).call, 8, wanted())).rejects.toMatchObject({ code: 'protocol' });
  });

  it('are not given any more, though they are there, once they are not wanted', async () => {
    const { call, cancels } = callOf(...eight);
    const closed = new AbortController();
    const chunks = readChunks(call, 8, closed.signal);
    expect((await chunks.next()).value?.payload.toString()).toBe('abcd');
    closed.abort();
    await expect(chunks.next()).rejects.toMatchObject({ code: 'cancelled' });
    expect(cancels()).toBeGreaterThan(0);
  });
});
