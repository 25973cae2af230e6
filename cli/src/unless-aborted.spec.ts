import { GanTrainError } from '@gan-train/service';
import { expect, it } from 'vitest';
import { unlessAborted } from './unless-aborted.js';

it('gives what comes first: the value, the failure, or why it is not wanted any more', async () => {
  const stop = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), stop.signal)).toBe(1);
  await expect(unlessAborted(Promise.reject(new Error('no')), stop.signal)).rejects.toThrow('no');
  const endless = unlessAborted(new Promise(() => undefined), stop.signal);
  stop.abort(new GanTrainError('cancelled', 'SIGINT received'));
  await expect(endless).rejects.toThrow('SIGINT received');
  await expect(unlessAborted(Promise.resolve(1), stop.signal)).rejects.toMatchObject({ code: 'cancelled' });
});
