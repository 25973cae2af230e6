import { createServer } from 'node:net';
import { GanTrainError } from './errors.js';

/** Whether one can listen on host:port now. */
export async function isFreePort(host: string, port: number): Promise<boolean> {
  return (await whyTaken(host, port)) === undefined;
}

/**
 * Throws `port_taken` unless one can listen on host:port now; 0, any free port, always is. For the time before anything is
 * written: whoever listens later still has to handle a port that was taken since.
 */
export async function requireFreePort(host: string, port: number, use: string): Promise<void> {
  const error = port === 0 ? undefined : await whyTaken(host, port);
  if (error === undefined) return;
  const what = `cannot listen on ${host}:${port} for ${use}: ${error.message}`;
  throw new GanTrainError('port_taken', what, 'choose another port, or 0 for any free one', error);
}

async function whyTaken(host: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
