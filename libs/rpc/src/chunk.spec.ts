import fc from 'fast-check';
import type { MethodDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { chunkBytes, decodeChunk, encodeChunk, floatsFromBytes, maxMessageBytes } from './chunk.js';

interface Chunk {
  offset: number;
  data: Buffer;
}

/** What protobufjs makes of the contract, without the shortcut of contract.ts. */
const includeDirs = [fileURLToPath(new URL('../../../proto', import.meta.url))];
const peer = loadSync('gan_train/v1/peer.proto', { includeDirs, defaults: true })['gan_train.v1.Peer'];
const protobuf = (peer as unknown as { Pull: MethodDefinition<object, Chunk> }).Pull;

const offsets = fc.integer({ min: 0, max: 0xffffffff });
const payloads = fc.uint8Array({ maxLength: 300 });

describe('encodeChunk', () => {
  it('writes what a protobuf decoder reads', () => {
    fc.assert(
      fc.property(offsets, payloads, (offset, payload) => {
        const read = protobuf.responseDeserialize(encodeChunk(offset, payload));
        expect(read).toEqual({ offset, data: Buffer.from(payload) });
      }),
    );
  });

  it.each([0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])(
    'writes a length of %i so that protobuf reads it',
    (length) => {
      const message = encodeChunk(0, new Uint8Array(length).fill(7));
      expect(protobuf.responseDeserialize(message).data.length).toBe(length);
    },
  );

  it('copies the payload, so that its buffer may be reused', () => {
    const payload = Uint8Array.of(1, 2, 3, 4);
    const message = encodeChunk(0, payload);
    payload.fill(9);
    expect([...decodeChunk(message).payload]).toEqual([1, 2, 3, 4]);
  });

  it('makes messages of a full chunk that are far below the message limit', () => {
    expect(encodeChunk(0, new Uint8Array(chunkBytes)).length).toBeLessThan(maxMessageBytes / 4);
  });
});

describe('decodeChunk', () => {
  it('reads back what encodeChunk wrote, as a view', () => {
    fc.assert(
      fc.property(offsets, payloads, (offset, payload) => {
        const message = encodeChunk(offset, payload);
        const decoded = decodeChunk(message);
        expect(decoded.offset).toBe(offset);
        expect(Buffer.compare(decoded.payload, payload)).toBe(0);
        expect(decoded.payload.buffer).toBe(message.buffer);
      }),
    );
  });

  it('refuses whatever encodeChunk does not write', () => {
    const valid = encodeChunk(8, Uint8Array.of(1, 2, 3, 4));
    const flips = fc.record({ at: fc.nat(valid.length - 1), bits: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(flips, ({ at, bits }) => {
        const message = Buffer.from(valid);
        message[at] = (message[at] as number) ^ bits;
        // Offset and payload are free; every other byte is fixed.
        const isFree = (at >= 1 && at < 5) || at >= 11;
        if (isFree) expect(() => decodeChunk(message)).not.toThrow();
        else expect(() => decodeChunk(message)).toThrow(expect.objectContaining({ code: 'protocol' }));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a message that is cut short, longer, or of an ordinary protobuf encoder', () => {
    const valid = encodeChunk(8, Uint8Array.of(1, 2, 3, 4));
    const others = [
      ...Array.from(valid.keys(), (length) => valid.subarray(0, length)),
      Buffer.concat([valid, Buffer.of(0)]),
      protobuf.responseSerialize({ offset: 8, data: Buffer.alloc(40) }),
    ];
    for (const message of others) {
      expect(() => decodeChunk(message)).toThrow(expect.objectContaining({ code: 'protocol' }));
    }
  });
});

describe('floatsFromBytes', () => {
  const values = Float32Array.of(1.5, -0, NaN, Infinity, 1e-45);
  const at = (byteOffset: number): Uint8Array => {
    const bytes = new Uint8Array(byteOffset + values.byteLength);
    bytes.set(new Uint8Array(values.buffer), byteOffset);
    return bytes.subarray(byteOffset);
  };

  it('views aligned bytes', () => {
    const bytes = at(8);
    const floats = floatsFromBytes(bytes);
    expect(floats.buffer).toBe(bytes.buffer);
    expect(floats).toEqual(values);
  });

  it.each([1, 2, 3])('copies bytes that lie %i beyond alignment', (offset) => {
    expect(floatsFromBytes(at(offset))).toEqual(values);
  });

  it('refuses bytes that are no whole number of floats', () => {
    expect(() => floatsFromBytes(new Uint8Array(7))).toThrow(expect.objectContaining({ code: 'protocol' }));
  });
});
