import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { GanTrainError } from '@gan-train/service';
import { expect, it, onTestFinished } from 'vitest';
import { sample } from './sample.js';

it('ends at once when it is told to, whatever the coordinator does', async () => {
  const silent = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const stop = new AbortController();
  const sampling = sample(
    `127.0.0.1:${(silent.address() as AddressInfo).port}`,
    { out: 'never.png' },
    stop.signal,
  );
  await once(silent, 'connection');
  stop.abort(new GanTrainError('cancelled', 'SIGINT received'));
  await expect(sampling).rejects.toMatchObject({ code: 'cancelled', what: 'SIGINT received' });
});
