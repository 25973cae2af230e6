import { pino, type Logger } from 'pino';

export type { Logger };

/** JSON lines on standard output; whoever starts the process decides where they go. */
export function createLogger(bindings: Record<string, string | number>): Logger {
  return pino({ base: bindings, timestamp: pino.stdTimeFunctions.isoTime });
}
