import { once } from 'node:events';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConnectionServer, type ConnectionLimits } from './connections.js';
import { untilClosed } from './testing.js';

const limits: ConnectionLimits = { most: 8, mostSilent: 4, firstWordsMs: 150 };
const words = 'the first words of a peer, and some more';

let server: Server;
let close = (): void => undefined;
const sockets: Socket[] = [];
const heard: string[] = [];

async function serve(change: Partial<ConnectionLimits> = {}): Promise<void> {
  ({ server, close } = createConnectionServer(
    (socket) => {
      socket.setEncoding('utf8').on('data', (text: string) => {
        heard.push(text);
        socket.write('heard');
      });
      socket.on('error', () => undefined);
    },
    { ...limits, ...change },
  ));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

async function dial(): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

const answer = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);
const count = async (): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, found) => (error ? reject(error) : resolve(found))),
  );

beforeEach(() => void heard.splice(0));
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  close();
});

describe('a connection', () => {
  it('is handed on once its peer has spoken, with all that was said', async () => {
    await serve();
    const socket = await dial();
    socket.write(words.slice(0, 10));
    socket.write(words.slice(10));
    expect(await answer(socket)).toBe('heard');
    expect(heard.join('')).toBe(words);
  });

  it('is closed when its peer says nothing', async () => {
    await serve();
    await once(await dial(), 'close');
    expect(await count()).toBe(0);
  });

  it('is closed when its peer says a byte now and then', async () => {
    await serve();
    const socket = await dial();
    let said = 0;
    // Never enough, however late the timer of the other side is.
    const drip = setInterval(() => void (++said < 20 && socket.write('x')), 10);
    await untilClosed(socket);
    clearInterval(drip);
    expect(heard).toEqual([]);
  });

  it('is closed when its peer hangs up before it has spoken', async () => {
    await serve({ firstWordsMs: 60_000 });
    const socket = await dial();
    socket.end('x');
    await untilClosed(socket);
    expect(await count()).toBe(0);
  });

  it('that has spoken stays open for longer than one may be silent', async () => {
    await serve();
    const spoken = await dial();
    spoken.write(words);
    await answer(spoken);
    // Silent from now on; the one that comes after it is closed for it.
    await once(await dial(), 'close');
    expect(spoken.closed).toBe(false);
    spoken.write('more');
    expect(await answer(spoken)).toBe('heard');
  });
});

describe('many connections', () => {
  it('that are silent make room, the oldest first, for one that speaks', async () => {
    await serve({ firstWordsMs: 60_000 });
    const silent = [];
    for (let i = 0; i < 4; i++) silent.push(await dial());
    const closed = once(silent[0] as Socket, 'close');
    const peer = await dial();
    await closed;
    peer.write(words);
    expect(await answer(peer)).toBe('heard');
    expect(silent.slice(1).map((socket) => socket.closed)).toEqual([false, false, false]);
  });

  it('that speak are refused beyond the most', async () => {
    await serve({ most: 2 });
    for (let i = 0; i < 2; i++) {
      const socket = await dial();
      socket.write(words);
      await answer(socket);
    }
    await once(await dial(), 'close');
    expect(await count()).toBe(2);
  });
});
