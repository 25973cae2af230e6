import { permutation, randomIndex } from '@gan-train/gan/random';
import { describe, expect, it, vi } from 'vitest';
import { createOrder, type OrderOptions } from './order.js';

vi.mock(import('@gan-train/gan/random'), { spy: true });

const orderOf = (options: Partial<OrderOptions> = {}): ReturnType<typeof createOrder> =>
  createOrder({ seed: 7, items: 10, batch: 4, withReplacement: false, ...options });

const stepsOf = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('createOrder', () => {
  it('goes through every item once an epoch, with batches that cross epochs', () => {
    const order = orderOf();
    const sequence = stepsOf(15).flatMap((step) => [...order.itemsOfStep(step)]);
    const expected = [0, 1, 2, 3, 4, 5].flatMap((epoch) => [...permutation(7, epoch, 10)]);
    expect(sequence).toEqual(expected);
    for (let start = 0; start < 60; start += 10) {
      expect(sequence.slice(start, start + 10).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  it('gives a step the same items whatever was asked before', () => {
    const forward = orderOf();
    const expected = stepsOf(40).map((step) => forward.itemsOfStep(step));
    const backward = orderOf();
    for (const step of stepsOf(40).reverse()) expect(backward.itemsOfStep(step)).toEqual(expected[step - 1]);
    expect(orderOf().itemsOfStep(23)).toEqual(expected[22]);
  });

  it('handles batches of several epochs', () => {
    const sequence = [...orderOf({ items: 3, batch: 11 }).itemsOfStep(2)];
    const all = Array.from({ length: 8 }, (_, epoch) => [...permutation(7, epoch, 3)]).flat();
    expect(sequence).toEqual(all.slice(11, 22));
  });

  it('draws each position on its own with replacement', () => {
    const order = orderOf({ withReplacement: true });
    expect([...order.itemsOfStep(3)]).toEqual([8, 9, 10, 11].map((position) => randomIndex(7, position, 10)));
    const drawn = stepsOf(100).flatMap((step) => [...order.itemsOfStep(step)]);
    expect(new Set(drawn).size).toBe(10);
    expect(new Set(drawn.slice(0, 10)).size).toBeLessThan(10);
  });

  it('depends on the seed', () => {
    expect(orderOf({ seed: 8 }).itemsOfStep(1)).not.toEqual(orderOf().itemsOfStep(1));
  });

  it('counts epochs from 1, by the first item of the step', () => {
    const order = orderOf();
    expect(stepsOf(6).map((step) => order.epochOfStep(step))).toEqual([1, 1, 1, 2, 2, 3]);
  });

  it('makes each permutation once, also while askers go back and forth over the end of an epoch', () => {
    vi.mocked(permutation).mockClear();
    const order = orderOf();
    for (const step of [1, 2, 3, 4, 2, 3, 4, 2, 5, 6]) order.itemsOfStep(step);
    expect(vi.mocked(permutation).mock.calls.map(([, epoch]) => epoch)).toEqual([0, 1, 2]);
  });

  it.each([0, -1, 1.5, NaN])('refuses step %s', (step) => {
    expect(() => orderOf().itemsOfStep(step)).toThrow('steps count from 1');
    expect(() => orderOf().epochOfStep(step)).toThrow('steps count from 1');
  });

  it('refuses an empty data set', () => {
    expect(() => orderOf({ items: 0 })).toThrow('needs items and a batch');
  });
});
