import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createAuthority } from '@gan-train/rpc/testing';
import { AppsV1Api, CoreV1Api, KubeConfig } from 'kubernetes-client';
import { onTestFinished } from 'vitest';
import type { Cluster } from '../cluster.js';
import { createQueue } from './queue.js';

/** A request that a test answers. */
export interface FakeCall {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
  /** The whole answer. */
  reply(body: object | string, status?: number): void;
  /** A refusal, as the API words it. */
  refuse(status: number, message: string): void;
  /** The head of an answer that goes on. */
  begin(): void;
  send(piece: object | string | Buffer): void;
  end(): void;
  /** Breaks the connection. */
  reset(): void;
  /** Accepts a WebSocket. */
  upgrade(): FakeTunnel;
  /** The connection is gone. */
  closed: Promise<void>;
}

/** A WebSocket whose messages begin with the number of a channel; none is longer than 124 bytes. */
export interface FakeTunnel {
  send(channel: number, bytes: Buffer | string): void;
  /** The bytes of the next message on channel 0. */
  receive: () => Promise<string>;
  /** Answers nothing any more, not even a close. */
  fallSilent: () => void;
}

/** The Kubernetes API, as a test plays it: over TLS, at a free port, until the test ends. */
export interface FakeApi {
  cluster: Cluster;
  server: string;
  /** The next request that nobody has taken. */
  next: () => Promise<FakeCall>;
}

export async function startFakeApi(): Promise<FakeApi> {
  const calls = createQueue<FakeCall>();
  const sockets = new Set<Socket>();
  const take = async (request: IncomingMessage, answer: ServerResponse | Duplex): Promise<void> =>
    calls.add(await callFrom(request, answer));
  const { certificate: cert, key } = await (await createAuthority()).issue({});
  const server = createServer({ cert, key }, (request, response) => void take(request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => void take(request, socket));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server: address, cluster: clusterAt(address), next: calls.next };
}

/** A cluster without an API, or with one that takes any certificate. */
export function clusterAt(server: string): Cluster {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'fake', server, skipTLSVerify: true },
    { name: 'user', token: 'secret' },
  );
  const [core, apps] = [config.makeApiClient(CoreV1Api), config.makeApiClient(AppsV1Api)];
  return { config, core, apps, namespace: 'test' };
}

async function callFrom(request: IncomingMessage, answer: ServerResponse | Duplex): Promise<FakeCall> {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'https://fake');
  const { headers, method = '' } = request;
  const closed = new Promise<void>((resolve) => request.socket.on('close', () => resolve()));
  answer.on('error', () => undefined);
  const response = answer as ServerResponse;
  const reply = (body: object | string, status = 200): void => {
    const bytes = typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    if ('writeHead' in answer) answer.writeHead(status, { 'content-type': type }).end(bytes);
    else answer.end(`HTTP/1.1 ${status} No\r\ncontent-length: ${Buffer.byteLength(bytes)}\r\n\r\n${bytes}`);
  };
  return {
    method,
    path,
    query,
    headers,
    body: 'writeHead' in answer ? await text(request) : '',
    closed,
    reply,
    refuse: (code, message) => reply({ kind: 'Status', status: 'Failure', code, message }, code),
    begin: () => response.writeHead(200).flushHeaders(),
    send: (piece) => response.write(piece instanceof Buffer ? piece : lineFrom(piece)),
    end: () => response.end(),
    reset: () => void request.socket.destroy(),
    upgrade: () => tunnelFrom(headers['sec-websocket-key'] ?? '', answer as Duplex),
  };
}

const lineFrom = (piece: object | string): string =>
  typeof piece === 'string' ? piece : `${JSON.stringify(piece)}\n`;

/** RFC 6455, as far as tests need it: every frame comes whole, and is short. */
function tunnelFrom(key: string, socket: Duplex): FakeTunnel {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  const own = [`Sec-WebSocket-Accept: ${accept}`, 'Sec-WebSocket-Protocol: v4.channel.k8s.io'];
  socket.write([...head, ...own, '', ''].join('\r\n'));
  const messages = createQueue<string>();
  socket.on('data', (frame: Buffer) => {
    const [opcode = 0, length = 0] = frame;
    const mask = frame.subarray(2, 6);
    const bytes = frame.subarray(6, 6 + (length & 127)).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
    if (opcode === 0x82) messages.add(Buffer.from(bytes.subarray(1)).toString());
    else socket.end(Buffer.from([0x88, 0]));
  });
  return {
    send(channel, bytes) {
      const message = Buffer.concat([Buffer.from([channel]), Buffer.from(bytes as string)]);
      socket.write(Buffer.concat([Buffer.from([0x82, message.length]), message]));
    },
    receive: messages.next,
    fallSilent: () => void socket.removeAllListeners('data').resume(),
  };
}
