import { describe, expect, it } from 'vitest';
import { withTimeout } from './process.js';

describe('withTimeout', () => {
  it('gives what the promise gives', async () => {
    await expect(withTimeout(Promise.resolve(7), 1000, 'it')).resolves.toBe(7);
    await expect(withTimeout(Promise.reject(new Error('no')), 1000, 'it')).rejects.toThrow('no');
  });

  it('says what took too long', async () => {
    const never = new Promise<never>(() => undefined);
    await expect(withTimeout(never, 1, 'waiting for row 3')).rejects.toMatchObject({
      code: 'timeout',
      what: 'waiting for row 3 took longer than 1 ms',
    });
  });
});
