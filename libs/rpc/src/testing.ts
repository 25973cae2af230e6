import type { Socket } from 'node:net';

/** Resolves when a connection is closed; it may be reset first. */
export const untilClosed = async (socket: Socket): Promise<void> =>
  new Promise((resolve) => void socket.once('close', () => resolve()));
