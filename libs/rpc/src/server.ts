import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { GanTrainError } from '@gan-train/service/errors';
import { maxMessageBytes } from './chunk.js';
import { connectionLimits, createConnectionServer, type ConnectionLimits } from './connections.js';
import { coordinatorService, peerService } from './contract.js';
import type { TlsIdentity } from './tls/identity.js';
import { createRoleCheck, type Role } from './tls/roles.js';
import { createTlsDoor } from './tls/server.js';

/** Of connections whose client is there but has no call; it connects again when it has one. */
const longestIdleMs = 300_000;

/** A method of a service, by its path; what isn't listed nobody may call. */
const callers: Readonly<Record<string, readonly Role[]>> = {
  ...callersOfService(coordinatorService, ['trainer'], {
    GetCheckpoint: ['trainer', 'operator'],
    Watch: ['operator'],
    Status: ['operator', 'trainer'],
    Scale: ['operator'],
    Drain: ['operator'],
  }),
  ...callersOfService(peerService, ['trainer'], {}),
};

function callersOfService<Service extends ServiceDefinition>(
  service: Service,
  usual: readonly Role[],
  others: Partial<Record<keyof Service, readonly Role[]>>,
): Record<string, readonly Role[]> {
  const entries = Object.entries(service).map(([name, { path }]) => [path, others[name] ?? usual]);
  return Object.fromEntries(entries) as Record<string, readonly Role[]>;
}

export interface RpcServerOptions {
  idleMs?: number;
  /** Who this process is: callers must show that they are what their method is for. */
  tls?: TlsIdentity | undefined;
  /** Told why a connection isn't taken. */
  onRefused?: (reason: string) => void;
}

/** What each server was made with. */
const optionsOf = new WeakMap<Server, RpcServerOptions>();

/** A server that asks connections whether they are still there, and closes them after `idleMs` without a call. */
export function createRpcServer(options: RpcServerOptions = {}): Server {
  const { idleMs = longestIdleMs, tls } = options;
  const server = new Server({
    ...(tls && { interceptors: [createRoleCheck((path) => callers[path] ?? [])] }),
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.enable_channelz': 0,
    'grpc.keepalive_time_ms': 5_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.max_concurrent_streams': 4096,
    'grpc.max_connection_idle_ms': idleMs,
  });
  optionsOf.set(server, options);
  return server;
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
  const { tls, onRefused = () => undefined } = optionsOf.get(server) ?? {};
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const inject = (socket: Socket): void => injector.injectConnection(socket);
  const secure = tls && createTlsDoor(tls, inject, onRefused);
  const door = createConnectionServer(secure?.take ?? inject, limits);
  door.server.listen(port, host);
  try {
    await once(door.server, 'listening');
  } catch (error) {
    const todo = 'choose another port, or 0 for any free one';
    throw new GanTrainError('port_taken', `cannot listen on ${host}:${port} for gRPC`, todo, error);
  }
  doors.set(server, {
    close() {
      door.close();
      secure?.close();
    },
  });
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
