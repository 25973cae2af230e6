import { describe, expect, it } from 'vitest';
import { addFloats } from './add-floats.js';
import { awkwardFloats, bitsOf } from './testing.js';

const lengths = [0, 1, 2, 3, 4, 5, 7, 31, 16_383, 16_384, 16_385, 50_003];
const [some, others] = [awkwardFloats(100_100, 1), awkwardFloats(50_100, 2)];
/** Elements before `left`, before `right`, and between `left` and `out`. */
const shifts = [0, 1].flatMap((left) =>
  [0, 1].flatMap((right) => [0, 1].map((gap) => [left, right, gap] as const)),
);

/** What `addFloats` is to give: storing rounds. */
function loop(left: Float32Array, right: Float32Array): Float32Array {
  const sum = new Float32Array(left.length);
  for (let i = 0; i < sum.length; i++) sum[i] = (left[i] as number) + (right[i] as number);
  return sum;
}

describe('addFloats', () => {
  it.each([
    { of: ArrayBuffer, and: ArrayBuffer },
    { of: ArrayBuffer, and: SharedArrayBuffer },
    { of: SharedArrayBuffer, and: ArrayBuffer },
    { of: SharedArrayBuffer, and: SharedArrayBuffer },
  ])('gives the bits of a loop, at any offset and length, on $of.name and $and.name', ({ of, and }) => {
    for (const length of lengths) {
      for (const [leftAt, rightAt, gap] of shifts) {
        // `left` and `out` lie in one buffer. What lies around them is to stay as it is.
        const outAt = leftAt + length + gap;
        const all = new Float32Array(new of(4 * (outAt + length + 4)));
        const allOfRight = new Float32Array(new and(4 * (rightAt + length)));
        all.set(some.subarray(0, all.length));
        allOfRight.set(others.subarray(0, allOfRight.length));
        const [left, right] = [all.subarray(leftAt, leftAt + length), allOfRight.subarray(rightAt)];
        const expected = Float32Array.from(all);
        expected.set(loop(left, right), outAt);

        addFloats(all.subarray(outAt, outAt + length), left, right);

        expect(isSame(all, expected), `length ${length}, shifts ${leftAt} ${rightAt} ${gap}`).toBe(true);
        expect(isSame(allOfRight, others.subarray(0, allOfRight.length))).toBe(true);
      }
    }
  });

  it.each([ArrayBuffer, SharedArrayBuffer])('may put the sum in place of one of the two, on %o', (Memory) => {
    for (const length of lengths) {
      const [first, second] = [some.subarray(0, length), others.subarray(0, length)];
      const target = new Float32Array(new Memory(4 * (length + 1)), 4);
      target.set(first);
      addFloats(target, target, second);
      expect(isSame(target, loop(first, second))).toBe(true);
      target.set(first);
      addFloats(target, second, target);
      expect(isSame(target, loop(second, first))).toBe(true);
      target.set(first);
      addFloats(target, target, target);
      expect(isSame(target, loop(first, first))).toBe(true);
    }
  });

  it('rounds to nearest, ties to even, and keeps subnormals, infinities, NaN and the sign of 0', () => {
    const cases: [number, number, number][] = [
      [16_777_216, 1, 16_777_216],
      [16_777_218, 1, 16_777_220],
      [1, 2 ** -24, 1],
      [1, 2 ** -24 + 2 ** -47, 1 + 2 ** -23],
      [-0, -0, -0],
      [0, -0, 0],
      [1, -1, 0],
      [2 ** -149, 2 ** -149, 2 ** -148],
      [2 ** -126, -(2 ** -149), 2 ** -126 - 2 ** -149],
      [(2 - 2 ** -23) * 2 ** 127, 2 ** 102, (2 - 2 ** -23) * 2 ** 127],
      [(2 - 2 ** -23) * 2 ** 127, 2 ** 103, Infinity],
      [-Infinity, 3e38, -Infinity],
      [Infinity, -Infinity, NaN],
      [NaN, 1, NaN],
    ];
    const column = (index: 0 | 1 | 2): Float32Array => Float32Array.from(cases, (row) => row[index]);
    const sum = new Float32Array(cases.length);
    addFloats(sum, column(0), column(1));
    expect(bitsOf(sum)).toBe(bitsOf(column(2)));
    expect(bitsOf(loop(column(0), column(1)))).toBe(bitsOf(sum));
  });

  it('refuses lengths that differ', () => {
    const [two, three] = [new Float32Array(2), new Float32Array(3)];
    expect(() => addFloats(two, three, two)).toThrow(RangeError);
    expect(() => addFloats(two, two, three)).toThrow(RangeError);
    expect(() => addFloats(three, two, two)).toThrow(RangeError);
  });
});

/** Bit for bit. There is no NaN in what is compared so. */
const isSame = (a: Float32Array, b: Float32Array): boolean => bytesOf(a).equals(bytesOf(b));
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
