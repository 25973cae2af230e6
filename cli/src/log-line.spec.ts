import { describe, expect, it } from 'vitest';
import { logLineFrom, textFromLine, timesOf } from './log-line.js';

const shown = (text: string): string => textFromLine(logLineFrom('trainer-0', text), 11);

describe('a line of a log', () => {
  it('is time, process, level, message and what it says besides', () => {
    const line = { level: 40, time: '2026-01-02T03:04:05.678Z', service: 'trainer', msg: 'lost' };
    expect(shown(JSON.stringify({ ...line, reason: 'silent for 5 s', members: 2 }))).toBe(
      '03:04:05.678  trainer-0    warn   lost  reason=silent for 5 s  members=2',
    );
    expect(shown(JSON.stringify({ ...line, level: 50, err: { message: 'no room', stack: '...' } }))).toBe(
      '03:04:05.678  trainer-0    error  lost  no room',
    );
  });

  it.each(['error bad_config: no', '[1]', '17'])(
    'is shown as it is when it is no JSON object: %s',
    (text) => {
      expect(shown(text)).toBe(`              trainer-0           ${text}`);
    },
  );

  it('without a time stands with the one before it', () => {
    const lines = ['{"time":"a"}', 'words', '{"time":"b"}'].map((text) => logLineFrom('x', text));
    expect(timesOf(lines)).toEqual(['a', 'a', 'b']);
  });
});
