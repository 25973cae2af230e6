import { describe, expect, it } from 'vitest';
import { wholeNumber } from './numbers.js';

describe('wholeNumber', () => {
  it.each([
    ['1', 1],
    ['10', 10],
    [' 7 ', 7],
    ['1e1', 10],
  ])('reads %j', (text, value) => {
    expect(wholeNumber('--count', text, 1, 10)).toBe(value);
  });

  it.each(['0', '11', '-1', '1.5', '', ' ', 'ten', 'NaN', 'Infinity', '1,000', '0x', '99999999999999999999'])(
    'refuses %j by the name of its flag',
    (text) => {
      expect(() => wholeNumber('--count', text, 1, 10)).toThrow(
        expect.objectContaining({
          code: 'bad_config',
          what: `--count must be a whole number from 1 to 10, not ${text}`,
        }),
      );
    },
  );
});
