import { GanTrainError } from '@gan-train/service/errors';

/**
 * The `Chunk` message of common.proto, by hand: tag of `offset` (1 byte), fixed32 (4), tag of `data` (1), its length as a varint
 * padded to 5 bytes. With gRPC's own 5 bytes before it, the payload starts 4-byte aligned in the buffer that grpc-js makes.
 */
const headerBytes = 11;
const offsetTag = 0x0d;
const dataTag = 0x12;

/** Payload bytes of one chunk: large enough to make a message's cost small, small enough to be a fair share of a connection. */
export const chunkBytes = 512 * 1024;

/** Largest message either end takes: a chunk with its header, and slack for control messages with many rows or members. */
export const maxMessageBytes = 4 * 1024 * 1024;

/** One encoded message holding a copy of `payload`, which lies at `offset` bytes of its stream. */
export function encodeChunk(offset: number, payload: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(headerBytes + payload.byteLength);
  message[0] = offsetTag;
  message.writeUInt32LE(offset, 1);
  message[5] = dataTag;
  let length = payload.byteLength;
  for (let i = 6; i < 10; i++) {
    message[i] = (length & 0x7f) | 0x80;
    length >>>= 7;
  }
  message[10] = length;
  message.set(payload, headerBytes);
  return message;
}

/** The payload as a view of `message`. Throws `protocol` on anything that `encodeChunk` doesn't write. */
export function decodeChunk(message: Buffer): { offset: number; payload: Buffer } {
  if (message.length < headerBytes || message[0] !== offsetTag || message[5] !== dataTag) {
    throw new GanTrainError('protocol', 'a chunk does not start as a Chunk message');
  }
  let length = 0;
  let isPadded = true;
  for (let i = 10; i >= 6; i--) {
    const byte = message[i] as number;
    isPadded &&= byte >= 0x80 === i < 10;
    length = length * 128 + (byte & 0x7f);
  }
  if (!isPadded) throw new GanTrainError('protocol', 'the length of a chunk is not five bytes');
  if (length !== message.length - headerBytes) {
    throw new GanTrainError(
      'protocol',
      `a chunk says ${length} bytes and has ${message.length - headerBytes}`,
    );
  }
  return { offset: message.readUInt32LE(1), payload: message.subarray(headerBytes) };
}

/** `bytes` as floats: a view where it is aligned, else a copy. */
export function floatsFromBytes(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % 4 !== 0)
    throw new GanTrainError('protocol', `${bytes.byteLength} bytes are no floats`);
  if (bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return new Float32Array(bytes.slice().buffer);
}
