import { GanTrainError } from '@gan-train/service';
import { describe, expect, it, vi } from 'vitest';
import { readAll } from './logs.js';
import type { LogSource } from './log-sources.js';

const source = (logs: Record<string, readonly string[]>): LogSource => ({
  list: async () => Promise.resolve(Object.keys(logs)),
  async read(name) {
    const lines = logs[name];
    if (lines === undefined) throw new GanTrainError('kubernetes', 'waiting to start: ContainerCreating');
    return Promise.resolve([...lines]);
  },
  follow: async () => Promise.resolve(),
});

describe('the logs of all processes', () => {
  it('are in chronological order, and say which cannot be read', async () => {
    const tell = vi.fn();
    const logs = source({ a: ['{"time":"1"}', '{"time":"3"}'], c: ['{"time":"2"}', 'words'] });
    const lines = await readAll(logs, ['a', 'b', 'c'], 9, tell);
    expect(lines.map(({ process, text }) => `${process} ${text}`)).toEqual([
      'a {"time":"1"}',
      'c {"time":"2"}',
      'c words',
      'a {"time":"3"}',
    ]);
    expect(tell.mock.calls).toEqual([['b: waiting to start: ContainerCreating']]);
  });

  it('fail when none can be read', async () => {
    const tell = vi.fn();
    await expect(readAll(source({}), ['a', 'b'], 9, tell)).rejects.toMatchObject({ code: 'kubernetes' });
    expect(tell).not.toHaveBeenCalled();
  });
});
