import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limitSilentConnections } from './http-connections.js';

const most = 4;
let server: Server;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((_request, response) => response.end('answer'));
  limitSilentConnections(server, most);
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

async function dial(): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.resume().on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const ask = async (socket: Socket): Promise<string> => {
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  return String((await once(socket, 'data'))[0]);
};
const count = async (): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, found) => (error ? reject(error) : resolve(found))),
  );

describe('limitSilentConnections', () => {
  it('closes the oldest for one that comes', async () => {
    const silent = [];
    for (let i = 0; i < most; i++) silent.push(await dial());
    const closed = once(silent[0] as Socket, 'close');
    expect(await ask(await dial())).toContain('answer');
    await closed;
    expect(silent.slice(1).every((socket) => !socket.closed)).toBe(true);
  });

  it('leaves those that have asked', async () => {
    const asked = await dial();
    await ask(asked);
    await Promise.all(Array.from({ length: 20 }, dial));
    await expect.poll(count).toBe(most + 1);
    expect(await ask(asked)).toContain('answer');
  });
});
