import { describe, expect, it } from 'vitest';
import { errorCodes, GanTrainError, type ErrorCode } from './errors.js';

describe('GanTrainError', () => {
  it('reads as a line: code, what happened, what to do', () => {
    const error = new GanTrainError('port_taken', 'port 80 is taken', 'choose another');
    expect(error.line).toBe('error port_taken: port 80 is taken; choose another');
    expect(new GanTrainError('io', 'the disk is full').line).toBe('error io: the disk is full');
  });

  it('exits with 2 for what a person gave, with 1 for a run that failed', () => {
    const codes = Object.keys(errorCodes) as ErrorCode[];
    const badInput = codes.filter((code) => new GanTrainError(code, 'x').exitCode === 2);
    expect(badInput).toEqual([
      'bad_config',
      'bad_data',
      'bad_checkpoint',
      'run_exists',
      'run_missing',
      'run_locked',
      'identity_changed',
      'port_taken',
      'not_writable',
      'engine_missing',
    ]);
    for (const code of codes) expect([1, 2]).toContain(new GanTrainError(code, 'x').exitCode);
  });

  it('keeps its cause, and none where there is none', () => {
    const cause = new Error('below');
    expect(new GanTrainError('io', 'x', undefined, cause).cause).toBe(cause);
    expect('cause' in new GanTrainError('io', 'x')).toBe(false);
  });
});

describe('GanTrainError.from', () => {
  it('leaves ours as they are', () => {
    const error = new GanTrainError('fenced', 'x');
    expect(GanTrainError.from(error)).toBe(error);
  });

  it.each([[new TypeError('no')], ['no']])('makes an internal error of %s', (thrown) => {
    expect(GanTrainError.from(thrown)).toMatchObject({ code: 'internal', what: 'no', cause: thrown });
  });

  it.each([undefined, null, 0])('survives %s', (thrown) => {
    expect(GanTrainError.from(thrown)).toMatchObject({ code: 'internal', what: String(thrown) });
  });
});
