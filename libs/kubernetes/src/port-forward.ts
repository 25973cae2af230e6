import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { PortForward } from 'kubernetes-client';
import type { Cluster } from './cluster.js';

export interface ForwardedPort {
  /** On 127.0.0.1. */
  readonly port: number;
  close: () => void;
}

/** Carries connections to a port of this machine to one of a pod. */
export async function forwardPort(cluster: Cluster, pod: string, podPort: number): Promise<ForwardedPort> {
  const sockets = new Set<Socket>();
  const forward = new PortForward(cluster.config);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    // Whoever is at the other end finds out by the connection.
    const carry = async (): Promise<void> => {
      const connection = await forward.portForward(
        cluster.namespace,
        pod,
        [podPort],
        socket,
        new PassThrough().resume(),
        socket,
      );
      const tunnel = typeof connection === 'function' ? connection() : connection;
      tunnel?.on('close', () => socket.destroy());
      tunnel?.on('error', () => socket.destroy());
      socket.on('close', () => tunnel?.close());
    };
    carry().catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
