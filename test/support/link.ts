import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP connection's way through this process, which a test can hold up or cut. */
export interface Link {
  /** HOST:PORT to connect to instead of the target. */
  readonly address: string;
  /** Nothing passes in either direction, and nobody is told; connections that are made meanwhile are accepted. */
  freeze(): void;
  thaw(): void;
  /** Every connection is reset; new ones pass. */
  reset(): void;
  close(): void;
}

/** `target` is asked for at each connection: where it leads may not be known before, and may change. */
export async function createLink(target: () => Promise<{ host: string; port: number }>): Promise<Link> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Whichever side fails, the other one learns of it by the end of its own connection.
    socket.on('error', () => undefined);
  };
  // Not `pipe`, which would go on by itself while nothing is to pass.
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (bytes) => {
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => {
      if (!isFrozen) from.resume();
    });
    from.on('close', () => to.destroy());
    if (isFrozen) from.pause();
  };
  const server = createServer({ pauseOnConnect: true }, (near) => {
    keep(near);
    target().then(
      ({ host, port }) => {
        const far = connect({ host, port, noDelay: true });
        keep(far);
        pass(near, far);
        pass(far, near);
        if (!isFrozen) near.resume();
      },
      () => near.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address() as AddressInfo;
  return {
    address: `${address}:${port}`,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) socket.pause();
    },
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.resume();
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
