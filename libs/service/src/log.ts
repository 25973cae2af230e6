import { pino, type Logger } from 'pino';
import { GanTrainError } from './errors.js';

export type { Logger };

/** The environment variable that says from which level on a process logs. */
export const logLevelVariable = 'GAN_TRAIN_LOG_LEVEL';

/**
 * JSON lines on standard output; whoever starts the process decides where they go. `environment` may name the lowest level that
 * is logged; throws `bad_config` when there is no such level.
 */
export function createLogger(
  bindings: Record<string, string | number>,
  environment: Record<string, string | undefined> = process.env,
): Logger {
  const level = environment[logLevelVariable] ?? 'info';
  const known = [...Object.keys(pino.levels.values), 'silent'];
  if (!known.includes(level)) {
    const what = `there is no log level ${level}`;
    throw new GanTrainError('bad_config', what, `set ${logLevelVariable} to one of ${known.join(', ')}`);
  }
  // Written at once: the last words of a process that is killed are those that are looked for.
  const output = pino.destination({ fd: 1, sync: true });
  return pino({ base: bindings, level, timestamp: pino.stdTimeFunctions.isoTime }, output);
}
