import { describe, expect, it } from 'vitest';
import { createLinesAgain } from './lines-again.js';

/** What is new of each reading. */
function newOf(most: number, ...readings: readonly (readonly string[])[]): string[][] {
  const lines = createLinesAgain(most);
  return readings.map((reading) => {
    lines.begin();
    return reading.filter((text) => lines.isNew(text));
  });
}

describe('a log that is read again', () => {
  it('has nothing new at first, and then what comes after the lines that were shown', () => {
    const log = ['{"time":1}', '{"time":2}', 'words'];
    expect(newOf(9, log, log, [...log, 'more words'])).toEqual([log, [], ['more words']]);
  });

  it('has its last words, and all lines of one time, when it is that of a process that was started anew', () => {
    const end = 'error refused: other bits';
    const life = (...times: string[]): string[] => [...times, end];
    const [first, second] = [
      life('{"time":1,"n":1}', '{"time":1,"n":2}'),
      life('{"time":2,"n":1}', '{"time":2,"n":2}'),
    ];
    expect(newOf(9, first, second)).toEqual([first, second]);
  });

  it('is shown whole when it is not the same log any more', () => {
    expect(newOf(9, ['a', 'b'], ['c', 'a', 'b'])).toEqual([
      ['a', 'b'],
      ['c', 'a', 'b'],
    ]);
  });

  it('is known as far back as it is read, though lines repeat', () => {
    const first = ['a', 'b', 'b', 'c', 'd'];
    expect(newOf(3, first, ['b', 'c', 'd'], ['c', 'd', 'e'])).toEqual([first, [], ['e']]);
  });
});
