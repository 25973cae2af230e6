import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { callUnary, unaryHandler } from './calls.js';
import { createLastingClient } from './client.js';
import { coordinatorService } from './contract.js';
import { createRpcServer, listen, shutdown } from './server.js';

const host = '127.0.0.1';
type Call = Parameters<typeof callUnary<object, { doing: string }>>[0];

it('a client that is renewed waits no longer for a connection on which nobody answers', async () => {
  const server = createRpcServer();
  server.addService(coordinatorService, {
    Status: unaryHandler(async () => Promise.resolve({ doing: 'well' })),
  });
  const port = await listen(server, host, 0);
  onTestFinished(async () => shutdown(server, 0));
  // As a Service whose pod is gone, then there again: the first connection goes nowhere, the next one to the server.
  const held: Socket[] = [];
  let isGone = true;
  const service = createServer((socket) => {
    socket.on('error', () => undefined);
    if (isGone) held.push(socket);
    else socket.pipe(connect(port, host).on('error', () => undefined)).pipe(socket);
  });
  service.listen(0, host);
  await once(service, 'listening');
  onTestFinished(() => {
    service.close();
    for (const socket of held) socket.destroy();
  });

  const { client, renew } = createLastingClient(`${host}:${(service.address() as AddressInfo).port}`);
  onTestFinished(() => client.close());
  const status = async (timeoutMs: number) =>
    callUnary(
      client.Status.bind(client) as unknown as Call,
      {},
      { timeoutMs, unavailable: 'coordinator_lost' },
    );
  await expect(status(300)).rejects.toMatchObject({ code: expect.any(String) as string });
  isGone = false;
  await expect(status(300)).rejects.toMatchObject({ code: expect.any(String) as string });
  renew();
  expect(await status(5_000)).toMatchObject({ doing: 'well' });
  expect(held).toHaveLength(1);
});
