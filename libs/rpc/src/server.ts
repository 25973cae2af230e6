import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { GanTrainError } from '@gan-train/service/errors';
import { maxMessageBytes } from './chunk.js';
import { connectionLimits, createConnectionServer, type ConnectionLimits } from './connections.js';

/** Of connections whose client is there but has no call; it connects again when it has one. */
const longestIdleMs = 300_000;

/** A server that asks connections whether they are still there, and closes them after `idleMs` without a call. */
export function createRpcServer({ idleMs = longestIdleMs } = {}): Server {
  return new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': 5_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_concurrent_streams': 4096,
    'grpc.max_connection_idle_ms': idleMs,
  });
}

/** Where each server's connections come in. */
const doors = new WeakMap<Server, { close(): void }>();

/**
 * Listens on `host:port` (0: any free port) and returns the port. Connections are limited, and silent ones closed. Throws
 * `port_taken`.
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  limits: ConnectionLimits = connectionLimits,
): Promise<number> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const door = createConnectionServer((socket) => injector.injectConnection(socket), limits);
  door.server.listen(port, host);
  try {
    await once(door.server, 'listening');
  } catch (error) {
    const todo = 'choose another port, or 0 for any free one';
    throw new GanTrainError('port_taken', `cannot listen on ${host}:${port} for gRPC`, todo, error);
  }
  doors.set(server, door);
  return (door.server.address() as AddressInfo).port;
}

/** Ends a server that may listen: takes no more connections, lets calls finish for `graceMs`, then breaks them. */
export async function shutdown(server: Server, graceMs: number): Promise<void> {
  doors.get(server)?.close();
  if (graceMs > 0) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
  server.forceShutdown();
}
