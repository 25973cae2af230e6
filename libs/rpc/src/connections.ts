import { createServer, type Server, type Socket } from 'node:net';

export interface ConnectionLimits {
  /** At once; beyond it new ones are refused. */
  most: number;
  /** That have not spoken yet; beyond it the one that has been silent for longest is closed. */
  mostSilent: number;
  /** How long one may take to say its first words. */
  firstWordsMs: number;
}

/** A member has a connection or two here; there are at most 1,024, and some come back before they are known to be gone. */
export const connectionLimits: ConnectionLimits = { most: 4_096, mostSilent: 256, firstWordsMs: 10_000 };

/** HTTP/2's preface has 24 bytes, a TLS hello more: nobody who means it says less. */
const firstWordsBytes = 24;

/**
 * A TCP server that hands a connection on once its peer has said its first words, so that connections that say nothing, or a byte
 * now and then, cost little and not for long. What was said is still to be read. Whoever is silent later is found by keepalive.
 * `close` takes no more, and ends those that have not spoken.
 */
export function createConnectionServer(
  onConnection: (socket: Socket) => void,
  { most, mostSilent, firstWordsMs }: ConnectionLimits,
): { server: Server; close: () => void } {
  // In order of arrival.
  const silent = new Map<Socket, NodeJS.Timeout>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const [oldest] = silent.size >= mostSilent ? silent.keys() : [];
    oldest?.destroy();
    silent.set(
      socket,
      setTimeout(() => socket.destroy(), firstWordsMs),
    );
    const forget = (): void => {
      clearTimeout(silent.get(socket));
      silent.delete(socket);
    };
    const fail = (): void => void socket.destroy();
    const look = (): void => {
      const words = socket.read(firstWordsBytes) as Buffer | null;
      if (words === null) return;
      // It hung up.
      if (words.length < firstWordsBytes) return fail();
      forget();
      for (const [event, listener] of [
        ['readable', look],
        ['close', forget],
        ['end', fail],
        ['error', fail],
      ] as const)
        socket.removeListener(event, listener);
      socket.unshift(words);
      onConnection(socket);
    };
    socket.on('close', forget).on('end', fail).on('error', fail).on('readable', look);
  });
  server.maxConnections = most;
  return {
    server,
    close() {
      server.close();
      for (const socket of silent.keys()) socket.destroy();
    },
  };
}
