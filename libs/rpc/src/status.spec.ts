import { Metadata, status } from '@grpc/grpc-js';
import { errorCodes, GanTrainError, type ErrorCode } from '@gan-train/service/errors';
import { describe, expect, it } from 'vitest';
import { errorFromStatus, statusFromError } from './status.js';

const codes = Object.keys(errorCodes) as ErrorCode[];

describe('statusFromError and errorFromStatus', () => {
  it.each(codes)('carry %s over the wire', (code) => {
    const sent = statusFromError(new GanTrainError(code, 'it broke', 'mend it'));
    const back = errorFromStatus(Object.assign(new Error('x'), sent), 'trainer_lost');
    expect(back).toMatchObject({ code, message: 'it broke; mend it' });
  });

  it('give every code a status that is not OK', () => {
    for (const code of codes) expect(statusFromError(new GanTrainError(code, 'x')).code).not.toBe(status.OK);
  });
});

describe('statusFromError', () => {
  it.each([
    ['fenced', status.FAILED_PRECONDITION],
    ['refused', status.FAILED_PRECONDITION],
    ['protocol', status.INVALID_ARGUMENT],
    ['run_missing', status.NOT_FOUND],
    ['timeout', status.DEADLINE_EXCEEDED],
    ['cancelled', status.CANCELLED],
    ['internal', status.INTERNAL],
  ] as const)('says %s as the contract does', (code, expected) => {
    expect(statusFromError(new GanTrainError(code, 'x')).code).toBe(expected);
  });

  it('makes an internal error of what is not ours', () => {
    const sent = statusFromError(new TypeError('x is not a function'));
    expect(sent).toMatchObject({ code: status.INTERNAL, details: 'x is not a function' });
    expect(sent.metadata?.get('gan-train-code')).toEqual(['internal']);
  });

  it('keeps details on one line of bounded length that a header can hold', () => {
    const { details = '' } = statusFromError(
      new GanTrainError('io', `a\nb\r\n\tc ${'\u{1f600}'.repeat(2000)}`),
    );
    expect(details).toMatch(/^a b c /);
    expect(details.length).toBeLessThanOrEqual(2000);
    // Throws when an astral character was cut in two.
    expect(encodeURI(details)).not.toBe('');
  });
});

describe('errorFromStatus', () => {
  const plain = (code: status, details = ''): Error =>
    Object.assign(new Error('x'), { code, details, metadata: new Metadata() });

  it.each([
    [status.UNAVAILABLE, 'coordinator_lost'],
    [status.DEADLINE_EXCEEDED, 'timeout'],
    [status.CANCELLED, 'cancelled'],
    [status.RESOURCE_EXHAUSTED, 'protocol'],
    [status.UNIMPLEMENTED, 'internal'],
  ] as const)('reads gRPC status %i without our trailer as %s', (code, expected) => {
    expect(errorFromStatus(plain(code), 'coordinator_lost').code).toBe(expected);
  });

  it('names the status where it has no details', () => {
    expect(errorFromStatus(plain(status.UNAVAILABLE), 'trainer_lost').what).toBe('UNAVAILABLE');
  });

  it('does not believe a code that is not one of ours', () => {
    const error = plain(status.UNAVAILABLE, 'gone');
    (error as unknown as { metadata: Metadata }).metadata.set('gan-train-code', 'toString');
    expect(errorFromStatus(error, 'trainer_lost').code).toBe('trainer_lost');
  });

  it('leaves errors of ours as they are', () => {
    const error = new GanTrainError('protocol', 'a chunk is wrong');
    expect(errorFromStatus(error, 'trainer_lost')).toBe(error);
  });

  it.each([Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), new Error('refused'), 'refused'])(
    'makes an internal error of what came from elsewhere: %s',
    (thrown) => {
      expect(errorFromStatus(thrown, 'trainer_lost')).toMatchObject({ code: 'internal', what: 'refused' });
    },
  );

  it.each([undefined, null])('survives %s', (thrown) => {
    expect(errorFromStatus(thrown, 'trainer_lost').code).toBe('internal');
  });
});
