import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import {
  clusterStarter,
  directoryOfTests,
  expectUndisturbed,
  liveOf,
  scrape,
  tinyDcgan,
  trainersOf,
  until,
  type Asked,
} from '../support/index.js';

const directory = directoryOfTests();
const asked: Asked = { ...tinyDcgan, bucketKiB: 4, steps: 1_000_000, sampleEvery: 100, guardEvery: 100 };
const start = clusterStarter(directory, asked);
const sockets: Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

/** A connection that says only so much; resolves when it is there, or refused. */
async function dial(port: number, says = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  // Who doesn't read doesn't see the end.
  socket.resume().on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  socket.write(says);
  return socket;
}

/** What a connection says before it falls silent. */
const beginnings = [
  '',
  'PRI * HTTP/2.0\r\n',
  'GET /metrics HTTP/1.1\r\nHost: a\r\n',
  // All that HTTP/2 asks for: the server asks it later whether it is still there.
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0',
];
const each = 75;

describe('connections that only take up room', () => {
  it('are closed, and meanwhile the run goes on and a trainer joins', async () => {
    const cluster = await start(2);
    await cluster.untilStep(5);
    const coordinator = await liveOf(cluster.directory);
    const trainers = await trainersOf(cluster.directory);
    const peerPorts = trainers.map(({ address }) => Number(address.split(':').at(-1)));
    const httpPorts = [coordinator.httpPort, ...trainers.map(({ httpPort }) => httpPort)];
    const ports = [coordinator.grpcPort, ...peerPorts, ...httpPorts];
    const dialed = ports.flatMap((port) =>
      beginnings.flatMap((begins) => Array.from({ length: each }, async () => dial(port, begins))),
    );
    const all = await Promise.all(dialed);
    // Probes and scrapers come in meanwhile.
    for (const port of httpPorts) expect((await scrape(port)).values.size).toBeGreaterThan(0);
    // A byte a second keeps nobody in.
    const slow = all.filter((_, i) => i % 5 === 0);
    const drip = setInterval(() => {
      for (const socket of slow) if (!socket.destroyed) socket.write('x');
    }, 1_000);
    try {
      await cluster.scale(3);
      expect((await cluster.untilGeneration(2)).members).toHaveLength(3);
      const isOver = (): boolean => all.every(({ closed }) => closed);
      await until('the end of all connections', () => isOver() || undefined, 60_000);
    } finally {
      clearInterval(drip);
    }
    await expectUndisturbed(cluster, asked);
  });
});
