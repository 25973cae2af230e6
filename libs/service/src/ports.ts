import { createServer } from 'node:net';
import { GanTrainError } from './errors.js';

/**
 * Throws `port_taken` unless one can listen on host:port now; 0, any free port, always is. For the time before anything is
 * written: whoever listens later still has to handle a port that was taken since.
 */
export async function requireFreePort(host: string, port: number, use: string): Promise<void> {
  if (port === 0) return;
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      const what = `cannot listen on ${host}:${port} for ${use}: ${error.message}`;
      reject(new GanTrainError('port_taken', what, 'choose another port, or 0 for any free one', error));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
