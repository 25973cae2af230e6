import { describe, expect, it } from 'vitest';
import {
  fillGaussian,
  fillUniform,
  permutation,
  philox4x32,
  philoxInto,
  purposes,
  randomIndex,
  type StreamPosition,
} from './random.js';

const at: StreamPosition = { purpose: purposes.noise, item: 3, step: 7 };

describe('philox4x32', () => {
  // kat_vectors of Random123 1.14: "philox4x32 10".
  it.each([
    [[0, 0], [0, 0, 0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[-1, -1], [-1, -1, -1, -1], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [
      [0xa4093822, 0x299f31d0],
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const)('of key %j and counter %j is the known answer', (key, counter, answer) => {
    const unsigned = (words: readonly number[]) => Array.from(words, (word) => word >>> 0);
    const [k, c] = [unsigned(key), unsigned(counter)];
    expect(hexFromWords(philox4x32([k[0]!, k[1]!], [c[0]!, c[1]!, c[2]!, c[3]!]))).toBe(answer);
  });

  it('writes the same words into an array that is given', () => {
    const words = new Uint32Array(4);
    philoxInto(words, 1, 2, 3, 4, 5, 6);
    expect(words).toEqual(philox4x32([1, 2], [3, 4, 5, 6]));
  });
});

describe('uniform numbers', () => {
  const values = uniformNumbers(400_000);

  it('lie strictly between the bounds', () => {
    expect(values.every((value) => value > 0 && value < 1)).toBe(true);
  });

  it('have the mean and the variance of a uniform distribution', () => {
    const { mean, variance, fourth } = moments(values);
    expect(mean).toBeCloseTo(1 / 2, 2.5);
    expect(variance).toBeCloseTo(1 / 12, 3);
    expect(fourth).toBeCloseTo(1 / 80, 3);
  });

  it('fill all parts of the interval alike', () => {
    const bins = new Float64Array(64);
    for (const value of values) bins[Math.floor(value * 64)]! += 1;
    const expected = values.length / 64;
    const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(104); // 99.9 % of 63 degrees of freedom
  });

  it('are read from the counter block by block', () => {
    const words = [...philox4x32([9, 0], [0, 3, 7, 1]), ...philox4x32([9, 0], [1, 3, 7, 1])];
    const expected = words.map((word) => (2 * (word >>> 9) + 1) / 2 ** 24);
    const filled = new Float32Array(8);
    fillUniform(filled, 9, at, 0, 1);
    expect([...filled]).toEqual(expected);
  });
});

describe('gaussian numbers', () => {
  it('have the moments of a normal distribution', () => {
    const values = new Float32Array(400_000);
    fillGaussian(values, 1, at, 0, 1);
    const { mean, variance, third, fourth } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(0.005);
    expect(Math.abs(variance - 1)).toBeLessThan(0.01);
    expect(Math.abs(third)).toBeLessThan(0.02);
    expect(Math.abs(fourth - 3)).toBeLessThan(0.05);
  });

  it('are uncorrelated within a pair and from pair to pair', () => {
    const values = new Float32Array(400_000);
    fillGaussian(values, 2, at, 0, 1);
    for (const lag of [1, 2, 4]) {
      let sum = 0;
      for (let i = lag; i < values.length; i++) sum += values[i]! * values[i - lag]!;
      expect(Math.abs(sum / values.length)).toBeLessThan(0.006);
    }
  });

  it("are Box and Muller's transform of the uniform ones, rounded once", () => {
    const unit = uniformNumbers(5 + 1);
    const filled = new Float32Array(5);
    fillGaussian(filled, 1, at, 10, 2);
    const expected = [0, 2, 4].flatMap((i) => {
      const radius = Math.sqrt(-2 * Math.log(unit[i]!));
      const angle = 2 * Math.PI * unit[i + 1]!;
      return [10 + 2 * radius * Math.cos(angle), 10 + 2 * radius * Math.sin(angle)];
    });
    expect([...filled]).toEqual([...Float32Array.from(expected.slice(0, 5))]);
  });
});

describe('a stream', () => {
  it('is another one for every seed, purpose, item, step, phase and layer', () => {
    const streams = [
      drawFour(1, at),
      drawFour(2, at),
      drawFour(1 + 2 ** 32, at),
      drawFour(-1, at),
      drawFour(1, { ...at, purpose: purposes.init }),
      drawFour(1, { ...at, item: 4 }),
      drawFour(1, { ...at, step: 8 }),
      drawFour(1, { ...at, phase: 1 }),
      drawFour(1, { ...at, layer: 1 }),
    ];
    expect(new Set(streams).size).toBe(streams.length);
  });
});

describe('permutation', () => {
  it('holds every index once', () => {
    const order = permutation(1, 0, 1000);
    expect([...order].sort((a, b) => a - b)).toEqual([...Array(1000).keys()]);
  });

  it('depends on seed and epoch, and on nothing else', () => {
    expect(permutation(1, 0, 100)).toEqual(permutation(1, 0, 100));
    expect(permutation(1, 0, 100)).not.toEqual(permutation(1, 1, 100));
    expect(permutation(1, 0, 100)).not.toEqual(permutation(2, 0, 100));
  });

  it('gives every order of four items equally often', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 24_000; epoch++) {
      const order = permutation(5, epoch, 4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(24);
    expect(chiSquare).toBeLessThan(49.7); // 99.9 % of 23 degrees of freedom
  });

  // The hash comes from an independent implementation, in Python.
  it('stays the same from version to version, because a run resumes in the middle of an epoch', () => {
    expect(hashOfWords(permutation(42, 3, 60_000))).toBe(0xfaeceda9);
  });

  it('of no item and of one item are trivial', () => {
    expect([...permutation(1, 0, 0)]).toEqual([]);
    expect([...permutation(1, 0, 1)]).toEqual([0]);
  });
});

describe('randomIndex', () => {
  it('draws every index equally often', () => {
    const counts = new Float64Array(7);
    for (let position = 0; position < 70_000; position++) counts[randomIndex(3, position, 7)]! += 1;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(22.5); // 99.9 % of 6 degrees of freedom
  });

  it('is unbiased where a plain remainder would not be', () => {
    // With 3 * 2^30 items a remainder of 32 bits would give half of all draws to the first third of the items.
    const length = 3 * 2 ** 30;
    let first = 0;
    for (let position = 0; position < 9000; position++) {
      if (randomIndex(3, position, length) < 2 ** 30) first++;
    }
    expect(first / 9000).toBeCloseTo(1 / 3, 1.5);
  });

  it('depends on all the bits of the position', () => {
    expect(randomIndex(1, 5, 2 ** 31)).not.toBe(randomIndex(1, 5 + 2 ** 32, 2 ** 31));
  });
});

function uniformNumbers(length: number): Float32Array {
  const values = new Float32Array(length);
  fillUniform(values, 1, at, 0, 1);
  return values;
}

function drawFour(seed: number, position: StreamPosition): string {
  const values = new Float32Array(4);
  fillUniform(values, seed, position, 0, 1);
  return values.join();
}

/** Mean and central moments. */
function moments(values: Float32Array) {
  const averageOf = (f: (value: number) => number) =>
    values.reduce((sum, value) => sum + f(value), 0) / values.length;
  const mean = averageOf((value) => value);
  const central = (power: number) => averageOf((value) => (value - mean) ** power);
  return { mean, variance: central(2), third: central(3), fourth: central(4) };
}

/** FNV-1a, a word at a time. */
function hashOfWords(words: Uint32Array): number {
  return words.reduce((hash, word) => Math.imul(hash ^ word, 16777619) >>> 0, 0x811c9dc5);
}

function hexFromWords(words: Uint32Array): string {
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join(' ');
}
