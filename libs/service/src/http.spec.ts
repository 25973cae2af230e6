import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startHttpServer, type HttpServer, type HttpSource } from './http.js';

const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function start(change: Partial<HttpSource> = {}, port = 0): Promise<HttpServer> {
  const server = await startHttpServer('127.0.0.1', port, {
    metrics: async () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    unhealthy: () => undefined,
    unready: () => undefined,
    ...change,
  });
  open.push(server);
  return server;
}

const get = async ({ port }: HttpServer, path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`);

describe('startHttpServer', () => {
  it('serves metrics as they are', async () => {
    const reply = await get(await start(), '/metrics');
    expect(reply.headers.get('content-type')).toContain('version=0.0.4');
    expect(await reply.text()).toBe('up 1\n');
  });

  it.each(['/healthz', '/readyz'])('says at %s that all is well', async (path) => {
    const reply = await get(await start(), path);
    expect([reply.status, await reply.json()]).toEqual([200, { ok: true }]);
  });

  it('says what is wrong, and asks anew each time', async () => {
    let reason: string | undefined = 'no coordinator';
    const server = await start({ unready: () => reason, unhealthy: () => 'stuck' });
    const unready = await get(server, '/readyz');
    expect([unready.status, await unready.json()]).toEqual([503, { ok: false, reason: 'no coordinator' }]);
    reason = undefined;
    expect((await get(server, '/readyz')).status).toBe(200);
    expect((await get(server, '/healthz')).status).toBe(503);
  });

  it('is read-only', async () => {
    const { port } = await start();
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' });
    expect(reply.status).toBe(404);
  });

  it('says which port is taken', async () => {
    const { port } = await start();
    await expect(start({}, port)).rejects.toMatchObject({
      code: 'port_taken',
      what: `cannot listen on 127.0.0.1:${port} for HTTP`,
    });
  });

  it('answers while a thousand connections say nothing', async () => {
    const server = await start();
    const silent: Socket[] = [];
    try {
      for (let i = 0; i < 1_000; i++)
        silent.push(connect(server.port, '127.0.0.1').on('error', () => undefined));
      await Promise.all(
        silent.map(async (socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])),
      );
      expect((await get(server, '/healthz')).status).toBe(200);
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });

  it('frees its port when it is closed, even while a client keeps its connection', async () => {
    const server = await start();
    await (await get(server, '/healthz')).text();
    await server.close();
    await expect(get(server, '/healthz')).rejects.toThrow();
  });
});
