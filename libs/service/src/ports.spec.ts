import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isFreePort, requireFreePort } from './ports.js';

const host = '127.0.0.1';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A port that somebody listens on, and a function that ends that. */
async function takenPort(): Promise<{ port: number; leave: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const leave = async (): Promise<void> => {
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  closing.push(leave);
  return { port: (server.address() as AddressInfo).port, leave };
}

describe('a port', () => {
  it('is free once nobody listens on it any more', async () => {
    const { port, leave } = await takenPort();
    expect(await isFreePort(host, port)).toBe(false);
    await leave();
    expect(await isFreePort(host, port)).toBe(true);
    // Looking does not take it.
    expect(await isFreePort(host, port)).toBe(true);
    await requireFreePort(host, port, 'gRPC');
  });

  it('that is taken is named, with what it is wanted for', async () => {
    const { port } = await takenPort();
    await expect(requireFreePort(host, port, 'gRPC')).rejects.toMatchObject({
      code: 'port_taken',
      what: expect.stringContaining(`cannot listen on ${host}:${port} for gRPC: `) as string,
    });
  });

  it('of 0 is any free one', async () => {
    await requireFreePort('no such host', 0, 'gRPC');
  });
});
