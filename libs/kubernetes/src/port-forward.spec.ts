import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { forwardPort } from './port-forward.js';
import { clusterAt, startFakeApi } from './testing/fake-api.js';
import { stopTimers } from './testing/stop-timers.js';

const what = 'forwarding port 7070 of x-coordinator-0';
const portNumber = Buffer.from([0x9e, 0x1b]);

async function startForward() {
  const api = await startFakeApi();
  const forwarded = await forwardPort(api.cluster, 'x-coordinator-0', 7070);
  onTestFinished(forwarded.close);
  return { api, forwarded };
}

async function connectTo(port: number): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1')
    .setEncoding('utf8')
    .on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return { socket, closed: once(socket.resume(), 'close') };
}

describe('a forwarded port', () => {
  it('carries bytes both ways, and ends with its peer', async () => {
    const { api, forwarded } = await startForward();
    const { socket, closed } = await connectTo(forwarded.port);
    const call = await api.next();
    expect(call.path).toBe('/api/v1/namespaces/test/pods/x-coordinator-0/portforward');
    expect([call.query.get('ports'), call.headers.authorization]).toEqual(['7070', 'Bearer secret']);
    const tunnel = call.upgrade();
    for (const channel of [0, 1]) tunnel.send(channel, portNumber);
    socket.write('ping');
    expect(await tunnel.receive()).toBe('ping');
    const data = once(socket, 'data');
    tunnel.send(0, 'pong');
    expect(await data).toEqual(['pong']);
    socket.end();
    await call.closed;
    await closed;
    expect(forwarded.failure).toBeUndefined();
  });

  it('says why the API refuses', async () => {
    const { api, forwarded } = await startForward();
    const { closed } = await connectTo(forwarded.port);
    const call = await api.next();
    call.refuse(403, 'pods "x-coordinator-0" is forbidden: no pods/portforward');
    await closed;
    expect(forwarded.failure).toMatchObject({
      code: 'kubernetes',
      what: `${what}: pods "x-coordinator-0" is forbidden: no pods/portforward`,
      todo: 'give whoever calls this right by a Role',
    });
    await call.closed;
  });

  it('says why the pod refuses', async () => {
    const { api, forwarded } = await startForward();
    const { closed } = await connectTo(forwarded.port);
    const tunnel = (await api.next()).upgrade();
    for (const channel of [0, 1]) tunnel.send(channel, portNumber);
    tunnel.send(1, 'dial tcp4 127.0.0.1:7070: connection refused');
    await closed;
    expect(forwarded.failure).toMatchObject({
      code: 'kubernetes',
      message: `${what}: dial tcp4 127.0.0.1:7070: connection refused`,
    });
  });

  it('says that a connection broke', async () => {
    const { api, forwarded } = await startForward();
    const { socket, closed } = await connectTo(forwarded.port);
    const call = await api.next();
    const tunnel = call.upgrade();
    const data = once(socket, 'data');
    tunnel.send(0, portNumber);
    tunnel.send(0, 'ping');
    await data;
    call.reset();
    await closed;
    expect(forwarded.failure?.what).toBe(`${what}: the connection broke`);
  });

  it('gives up on an API that does not answer', async () => {
    stopTimers();
    const { api, forwarded } = await startForward();
    const { closed } = await connectTo(forwarded.port);
    const call = await api.next();
    vi.advanceTimersByTime(8_000);
    await closed;
    await call.closed;
    expect(forwarded.failure?.what).toBe(`${what}: the answer took longer than 8000 ms`);
  });

  it('says that there is no API', async () => {
    const forwarded = await forwardPort(clusterAt('https://127.0.0.1:1'), 'x-coordinator-0', 7070);
    onTestFinished(forwarded.close);
    const { closed } = await connectTo(forwarded.port);
    await closed;
    expect(forwarded.failure?.what).toMatch(/ECONNREFUSED/);
  });

  it('leaves nothing open when whoever connected is gone before the API answers', async () => {
    const { api, forwarded } = await startForward();
    const { socket } = await connectTo(forwarded.port);
    const call = await api.next();
    socket.destroy();
    await call.closed;
    expect(forwarded.failure?.what).toBe(`${what}: there was no answer until the connection was closed`);
  });

  it('leaves nothing open when it is closed, though the API is silent', async () => {
    const { api, forwarded } = await startForward();
    const [first, second] = [await connectTo(forwarded.port), await connectTo(forwarded.port)];
    const [open, pending] = [await api.next(), await api.next()];
    const tunnel = open.upgrade();
    for (const { socket } of [first, second]) socket.write('ping');
    expect(await tunnel.receive()).toBe('ping');
    tunnel.fallSilent();
    forwarded.close();
    await Promise.all([first.closed, second.closed, open.closed, pending.closed]);
  });
});
