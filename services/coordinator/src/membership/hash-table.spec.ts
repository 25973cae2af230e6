import { describe, expect, it } from 'vitest';
import { createHashTable, type HashTable } from './hash-table.js';
import { triple } from './testing.js';

const isPresent = (): boolean => true;
const without =
  (...gone: string[]) =>
  (incarnation: string): boolean =>
    !gone.includes(incarnation);

/** A generation of these members, who said these hashes, all of one state and at time 0. */
function tableOf(members: string, said: Record<string, string>, state = triple(10)): HashTable {
  const table = createHashTable();
  table.begin([...members]);
  for (const [incarnation, hash] of Object.entries(said)) table.report(0, incarnation, state, hash);
  return table;
}

describe('the hashes of replicas', () => {
  it('agree once all members have said the same', () => {
    const said = (hashes: Record<string, string>) =>
      tableOf('abc', hashes).agreement(triple(10), 'x', isPresent);
    expect(said({})).toBe('pending');
    expect(said({ a: 'x', b: 'x' })).toBe('pending');
    expect(said({ a: 'x', b: 'x', c: 'x' })).toBe('agreed');
  });

  it('differ as soon as one has said another, or all another than what is asked for', () => {
    const said = (hashes: Record<string, string>) =>
      tableOf('abc', hashes).agreement(triple(10), 'x', isPresent);
    expect(said({ a: 'x', b: 'y' })).toBe('differing');
    expect(said({ a: 'y', b: 'y', c: 'y' })).toBe('differing');
  });

  it('are not waited for of those that are gone', () => {
    const table = tableOf('abc', { a: 'x', b: 'x' });
    expect(table.agreement(triple(10), 'x', without('c'))).toBe('agreed');
    expect(table.agreement(triple(10), 'x', without('a'))).toBe('pending');
  });

  it.each([
    ['step', triple(11)],
    ['phase', triple(10, 0)],
    ['generation', triple(10, 1, 1, 2)],
    ['term', triple(10, 1, 2, 1)],
  ])('are compared of one state only: another %s is another one', (_what, other) => {
    const table = tableOf('ab', { a: 'x' });
    table.report(0, 'b', other, 'y');
    expect(table.mismatch(1e9, false, isPresent)).toBeUndefined();
    expect(table.agreement(triple(10), 'x', isPresent)).toBe('pending');
  });

  it('begin anew with a generation', () => {
    const table = tableOf('ab', { a: 'x', b: 'y' });
    table.begin(['a', 'b']);
    expect(table.mismatch(1e9, false, isPresent)).toBeUndefined();
    expect(table.agreement(triple(10), 'x', isPresent)).toBe('pending');
  });

  it('are kept of the last sixteen states', () => {
    const table = tableOf('ab', {});
    for (let step = 1; step <= 17; step++) table.report(0, 'a', triple(step), 'x');
    for (const step of [1, 2, 17]) table.report(0, 'b', triple(step), 'x');
    expect(table.agreement(triple(1), 'x', isPresent)).toBe('pending');
    expect(table.agreement(triple(17), 'x', isPresent)).toBe('agreed');
  });
});

describe('a mismatch', () => {
  const suspectsOf = (said: Record<string, string>): string[] | undefined =>
    tableOf('abcd', said).mismatch(1e9, true, isPresent)?.suspects as string[] | undefined;

  it('is none while all that spoke say the same', () => {
    expect(suspectsOf({})).toBeUndefined();
    expect(suspectsOf({ a: 'x', b: 'x', c: 'x', d: 'x' })).toBeUndefined();
  });

  it('is with those that differ from most, and where most is nobody with all', () => {
    expect(suspectsOf({ a: 'y', b: 'x', c: 'x', d: 'x' })).toEqual(['a']);
    expect(suspectsOf({ a: 'y', b: 'x', c: 'x', d: 'z' })).toEqual(['a', 'd']);
    expect(suspectsOf({ a: 'x', b: 'y' })).toEqual(['a', 'b']);
    expect(suspectsOf({ a: 'x', b: 'y', c: 'x', d: 'y' })?.sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('says where', () => {
    const table = tableOf('ab', { a: 'x', b: 'y' }, triple(7, 0));
    expect(table.mismatch(0, false, isPresent)?.position).toEqual({ step: 7, phase: 0 });
  });

  it('is said, where there is time, once all have spoken or after two seconds: then it is known who differs from most', () => {
    const table = tableOf('abc', { a: 'y', b: 'x' });
    expect(table.mismatch(1_999, true, isPresent)).toBeUndefined();
    expect(table.mismatch(1_999, false, isPresent)).toBeDefined();
    expect(table.mismatch(2_000, true, isPresent)?.suspects).toEqual(['a', 'b']);
    expect(table.mismatch(1, true, without('c'))?.suspects).toEqual(['a', 'b']);
    table.report(1_500, 'c', triple(10), 'x');
    expect(table.mismatch(1_500, true, isPresent)?.suspects).toEqual(['a']);
  });

  it('gives every word two more seconds', () => {
    const table = tableOf('abc', { a: 'y' });
    table.report(1_500, 'b', triple(10), 'x');
    expect(table.mismatch(3_499, true, isPresent)).toBeUndefined();
    expect(table.mismatch(3_500, true, isPresent)).toBeDefined();
  });
});
