import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketsOfLength, partOfBucket, type ElementRange } from './parts.js';

/** Whether ranges follow one another from `start` to `end`. */
function expectCover(ranges: readonly ElementRange[], start: number, end: number): void {
  let at = start;
  for (const range of ranges) {
    expect(range.start).toBe(at);
    expect(range.end).toBeGreaterThanOrEqual(range.start);
    at = range.end;
  }
  expect(at).toBe(end);
}

describe('bucketsOfLength', () => {
  it('cuts everything, in order, into full buckets and one rest', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 700 }), (length, bucketElements) => {
        const buckets = bucketsOfLength(length, bucketElements);
        expectCover(buckets, 0, length);
        const sizes = buckets.map(({ start, end }) => end - start);
        expect(sizes.slice(0, -1).every((size) => size === bucketElements)).toBe(true);
        expect(sizes.every((size) => size > 0)).toBe(true);
      }),
    );
  });

  it('has no bucket for nothing', () => {
    expect(bucketsOfLength(0, 16)).toEqual([]);
  });
});

describe('partOfBucket', () => {
  it('deals every element to one owner, as evenly as it goes', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 40 }), (start, length, n) => {
        const bucket = { start, end: start + length };
        const parts = Array.from({ length: n }, (_, part) => partOfBucket(bucket, n, part));
        expectCover(parts, start, start + length);
        const sizes = parts.map((part) => part.end - part.start);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('leaves owners without a part when there are more owners than elements', () => {
    const parts = [0, 1, 2, 3, 4].map((part) => partOfBucket({ start: 10, end: 12 }, 5, part));
    expect(parts.filter(({ start, end }) => start === end)).toHaveLength(3);
  });
});
