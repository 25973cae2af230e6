import { describe, expect, it } from 'vitest';
import { layoutsFromOptions } from './layout.js';
import { createState, shadowOf } from './network-state.js';
import { smallOptions } from './testing/builders.js';

const { layouts } = layoutsFromOptions(smallOptions());
const fields = ['weights', 'm', 'v', 'ema'] as const;

describe('createState', () => {
  it("makes zeros of the layout's lengths, and an average of the generator only", () => {
    for (const layout of Object.values(layouts)) {
      const state = createState(layout);
      const { length, trainableLength } = layout;
      const average = layout.network === 'generator' ? length : 0;
      expect(fields.map((field) => state[field].length)).toEqual([
        length,
        trainableLength,
        trainableLength,
        average,
      ]);
      for (const field of fields) expect(state[field].every((value) => value === 0)).toBe(true);
    }
  });

  it('gives every array of a state and its shadow a place of its own', () => {
    const state = createState(layouts.generator);
    const arrays = [state, shadowOf(state)].flatMap((one) => fields.map((field) => one[field]));
    arrays.forEach((array, i) => array.fill(i + 1));
    arrays.forEach((array, i) => expect(array.every((value) => value === i + 1)).toBe(true));
  });

  it('lies on memory that is not shared, aligned to 64 bytes', () => {
    for (const field of fields) {
      const { buffer, byteOffset } = createState(layouts.generator)[field];
      expect(buffer).toBeInstanceOf(ArrayBuffer);
      expect(byteOffset % 64).toBe(0);
    }
  });

  it('says that a network is too large, and what to do', () => {
    const huge = { ...layouts.discriminator, length: 2e8, trainableLength: 2e8 };
    expect(() => createState(huge)).toThrow(
      "the discriminator's state needs 4.5 GiB, and 4 GiB is the most: take a smaller width or size",
    );
  });
});

describe('shadowOf', () => {
  it("is a pair: the shadow's shadow is the state", () => {
    const state = createState(layouts.discriminator);
    expect(shadowOf(shadowOf(state))).toBe(state);
  });

  it('refuses a state of other making', () => {
    expect(() => shadowOf({ ...createState(layouts.discriminator) })).toThrow('createState');
  });
});
