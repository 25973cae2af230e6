import { expect, it } from 'vitest';
import { unlessAborted, untilAborted } from './aborted.js';
import { GanTrainError } from './errors.js';

it('gives what comes first: the value, the failure, or why it is not wanted any more', async () => {
  const stop = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), stop.signal)).toBe(1);
  await expect(unlessAborted(Promise.reject(new Error('no')), stop.signal)).rejects.toThrow('no');
  const endless = unlessAborted(new Promise(() => undefined), stop.signal);
  stop.abort(new GanTrainError('cancelled', 'SIGINT received'));
  await expect(endless).rejects.toThrow('SIGINT received');
  await expect(unlessAborted(Promise.resolve(1), stop.signal)).rejects.toMatchObject({ code: 'cancelled' });
});

it('waits for a signal that has aborted no longer', async () => {
  const stop = new AbortController();
  const waiting = untilAborted(stop.signal);
  stop.abort();
  await waiting;
  await untilAborted(stop.signal);
});
