import { describe, expect, it } from 'vitest';
import { createLogger, logLevelVariable } from './log.js';

describe('createLogger', () => {
  it('logs from info on, or from the level that the environment names', () => {
    expect(createLogger({}, {}).level).toBe('info');
    expect(createLogger({}, { [logLevelVariable]: 'debug' }).level).toBe('debug');
  });

  it('refuses a level that there is not, and says which there are', () => {
    expect(() => createLogger({}, { [logLevelVariable]: 'loud' })).toThrow(
      expect.objectContaining({
        code: 'bad_config',
        message:
          'there is no log level loud; set GAN_TRAIN_LOG_LEVEL to one of trace, debug, info, warn, error, fatal, silent',
      }) as Error,
    );
  });
});
