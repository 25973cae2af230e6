import { connectivityState, type Server } from '@grpc/grpc-js';
import { GanTrainError } from '@gan-train/service/errors';
import { afterEach, describe, expect, it } from 'vitest';
import { callUnary, readStream, streamHandler, unaryHandler } from './calls.js';
import { chunkBytes, decodeChunk, encodeChunk } from './chunk.js';
import { createCoordinatorClient, createPeerClient } from './client.js';
import { coordinatorService, peerService } from './contract.js';
import type { CoordinatorClient } from './gen/gan_train/v1/Coordinator.js';
import type { Event } from './gen/gan_train/v1/Event.js';
import { createRpcServer, listen, shutdown } from './server.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(service: 'coordinator' | 'peer', handlers: object): Promise<string> {
  const server = createRpcServer();
  closing.push(() => void shutdown(server, 0));
  server.addService(service === 'peer' ? peerService : coordinatorService, handlers as never);
  return `127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;
}

function coordinatorAt(address: string): ReturnType<typeof createCoordinatorClient> {
  const client = createCoordinatorClient(address);
  closing.push(() => client.close());
  return client;
}

function peerAt(address: string): ReturnType<typeof createPeerClient> {
  const client = createPeerClient(address);
  closing.push(() => client.close());
  return client;
}

const drain = async (address: string, timeoutMs = 10_000): Promise<object> =>
  drainBy(coordinatorAt(address), timeoutMs);

async function drainBy(client: CoordinatorClient, timeoutMs = 10_000): Promise<object> {
  return callUnary(
    client.Drain.bind(client) as Parameters<typeof callUnary<object, object>>[0],
    { runId: 'r', reason: 'x' },
    { timeoutMs, unavailable: 'coordinator_lost' },
  );
}

describe('callUnary and unaryHandler', () => {
  it('carry the request there and the reply back', async () => {
    let seen: unknown;
    const address = await serve('coordinator', {
      Drain: unaryHandler(async (request) => {
        seen = request;
        return Promise.resolve({});
      }),
    });
    await expect(drain(address)).resolves.toEqual({});
    expect(seen).toEqual({ runId: 'r', reason: 'x' });
  });

  it('carry an error with its code and words', async () => {
    const address = await serve('coordinator', {
      Drain: unaryHandler(async () => Promise.reject(new GanTrainError('fenced', 'another term', 'wait'))),
    });
    await expect(drain(address)).rejects.toMatchObject({ code: 'fenced', message: 'another term; wait' });
  });

  it('time out when nobody answers in time', async () => {
    const address = await serve('coordinator', { Drain: () => undefined });
    await expect(drain(address, 50)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('give the code that was asked for where nobody listens', async () => {
    const server = createRpcServer();
    const port = await listen(server, '127.0.0.1', 0);
    await shutdown(server, 0);
    await expect(drain(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'coordinator_lost' });
  });
});

describe('readStream and streamHandler', () => {
  const watch = (address: string): AsyncGenerator<Event, void, void> =>
    readStream(coordinatorAt(address).Watch({ runId: '' }), 'coordinator_lost');

  it('carry messages in order, then the end', async () => {
    const address = await serve('coordinator', {
      Watch: streamHandler(async function* () {
        for (let time = 0; time < 50; time++) yield await Promise.resolve({ time, note: { message: 'x' } });
      }),
    });
    const times: unknown[] = [];
    for await (const { time } of watch(address)) times.push(time);
    expect(times).toEqual(Array.from({ length: 50 }, (_, time) => time));
  });

  it('carry the messages before an error, then the error', async () => {
    const address = await serve('coordinator', {
      Watch: streamHandler(async function* () {
        yield await Promise.resolve({ time: 1, note: { message: 'x' } });
        throw new GanTrainError('run_missing', 'no such run');
      }),
    });
    const events = watch(address);
    await expect(events.next()).resolves.toMatchObject({ value: { time: 1 } });
    await expect(events.next()).rejects.toMatchObject({ code: 'run_missing', what: 'no such run' });
  });

  it('tell the handler when the reader stops early, and end its generator', async () => {
    const { promise: ended, resolve } = promiseWithResolver<boolean>();
    const address = await serve('coordinator', {
      Watch: streamHandler(async function* (_request, signal) {
        try {
          for (let time = 0; ; time++) yield await Promise.resolve({ time, note: { message: 'x' } });
        } finally {
          resolve(signal.aborted);
        }
      }),
    });
    for await (const { time } of watch(address)) if (time === 3) break;
    await expect(ended).resolves.toBe(true);
  });
});

describe('a chunk over gRPC', () => {
  it('arrives with its payload aligned for a Float32Array', async () => {
    const sizes = [4, 400, 16_000, chunkBytes];
    const address = await serve('peer', {
      Pull: streamHandler(async function* () {
        for (const size of sizes)
          yield await Promise.resolve(encodeChunk(0, new Uint8Array(size).fill(size & 255)));
      }),
    });
    const seen: number[] = [];
    for await (const message of peerAt(address).Pull({ runId: 'r' }) as AsyncIterable<unknown>) {
      const { payload } = decodeChunk(message as Buffer);
      expect(payload.byteOffset % 4).toBe(0);
      seen.push(payload.length);
    }
    expect(seen).toEqual(sizes);
  });
});

describe('listen', () => {
  it('says which port is taken', async () => {
    const [first, second] = [createRpcServer(), createRpcServer()];
    closing.push(() => void shutdown(first, 0));
    const port = await listen(first, '127.0.0.1', 0);
    await expect(listen(second, '127.0.0.1', port)).rejects.toMatchObject({
      code: 'port_taken',
      what: `cannot listen on 127.0.0.1:${port} for gRPC`,
    });
  });
});

describe('a connection without a call', () => {
  it('is closed, and its client connects again', async () => {
    const server = createRpcServer({ idleMs: 50 });
    closing.push(() => void shutdown(server, 0));
    server.addService(coordinatorService, { Drain: unaryHandler(async () => Promise.resolve({})) });
    const client = coordinatorAt(`127.0.0.1:${await listen(server, '127.0.0.1', 0)}`);
    const state = (): connectivityState => client.getChannel().getConnectivityState(false);
    for (let i = 0; i < 3; i++) {
      await expect(drainBy(client)).resolves.toEqual({});
      await expect.poll(state).toBe(connectivityState.IDLE);
    }
  });
});

describe('shutdown', () => {
  const hanging = async (): Promise<{ server: Server; failed: Promise<unknown> }> => {
    const server = createRpcServer();
    const { promise: called, resolve } = promiseWithResolver<void>();
    server.addService(coordinatorService, { Drain: () => resolve() });
    const port = await listen(server, '127.0.0.1', 0);
    const failed = drain(`127.0.0.1:${port}`).catch((error: unknown) => error);
    await called;
    return { server, failed };
  };

  it('breaks calls that do not end in time', async () => {
    const { server, failed } = await hanging();
    await shutdown(server, 10);
    await expect(failed).resolves.toBeInstanceOf(GanTrainError);
  });

  it('waits for calls that do', async () => {
    const server = createRpcServer();
    server.addService(coordinatorService, {
      Drain: unaryHandler(async () => {
        void shutdown(server, 60_000).then(() => over());
        return Promise.resolve({});
      }),
    });
    const { promise: isOver, resolve: over } = promiseWithResolver<void>();
    const port = await listen(server, '127.0.0.1', 0);
    await expect(drain(`127.0.0.1:${port}`)).resolves.toEqual({});
    for (const close of closing.splice(0)) close();
    await isOver;
  });
});

function promiseWithResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
