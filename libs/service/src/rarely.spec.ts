import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { rarely } from './rarely.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('says each thing at once, and later how many times it was left out', () => {
  const said: [string, number][] = [];
  const say = rarely(1_000, (what, leftOut) => said.push([what, leftOut]));
  for (const what of ['a', 'a', 'b', 'a']) say(what);
  vi.advanceTimersByTime(1_000);
  for (const what of ['a', 'a', 'b']) say(what);
  expect(said).toEqual([
    ['a', 0],
    ['b', 0],
    ['a', 2],
    ['b', 0],
  ]);
});

it('remembers so many different things at most', () => {
  const said: string[] = [];
  const say = rarely(1_000, (what) => said.push(what));
  const all = Array.from({ length: 101 }, (_, i) => String(i));
  for (const what of [...all, '100', '0']) say(what);
  expect(said).toEqual([...all, '0']);
});
