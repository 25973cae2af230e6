import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Of the connections that have not asked for anything, keeps the `most` newest: silent ones can't keep out who does ask, whose first
 * words come right after its connection.
 */
export function limitSilentConnections(server: Server, most: number): void {
  // In order of arrival.
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    const [oldest] = silent.size >= most ? silent : [];
    oldest?.destroy();
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
}
