import { describe, expect, it } from 'vitest';
import { copyFloats } from './copy-floats.js';

describe('copyFloats', () => {
  it.each([ArrayBuffer, SharedArrayBuffer])('copies every element to its place, on %o', (Memory) => {
    const values = Float32Array.from({ length: 20_001 }, (_, i) => i + 1);
    for (const offset of [0, 1, 2, 3]) {
      for (const length of [0, 1, 8_191, 8_192, 8_193, values.length - 1]) {
        for (const from of [0, 1]) {
          const target = new Float32Array(new Memory(4 * 20_010), 4);
          copyFloats(target, offset, values.subarray(from, from + length));
          const expected = new Float32Array(target.length);
          expected.set(values.subarray(from, from + length), offset);
          expect(Buffer.compare(Buffer.from(target.buffer, 4), Buffer.from(expected.buffer))).toBe(0);
        }
      }
    }
  });
});
