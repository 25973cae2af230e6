import { GanTrainError } from '@gan-train/service';
import { describe, expect, it } from 'vitest';
import { followAll } from './follow-logs.js';
import type { LogSource } from './log-sources.js';

/** Of each process, how each following of it goes: lines, and what breaks it; the last one again and again. */
type Story = Record<string, readonly { lines?: readonly string[]; breaks?: string }[]>;

/** Follows until every process was followed `times` times; `lists` are failures of the first looks. */
async function followed(story: Story, times: number, lists: readonly string[] = []) {
  const stop = new AbortController();
  const counts = new Map(Object.keys(story).map((name) => [name, 0]));
  const failures = [...lists];
  const [shown, told] = [[] as string[], [] as string[]];
  const source: LogSource = {
    async list() {
      const failure = failures.shift();
      if (failure !== undefined) throw new GanTrainError('kubernetes', failure);
      return Promise.resolve([...counts.keys()]);
    },
    read: async () => Promise.resolve([]),
    async follow(name, _tail, onLine) {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      if ([...counts.values()].every((each) => each > times)) stop.abort();
      if (count > times) return Promise.resolve();
      const { lines = [], breaks } = story[name]?.[count - 1] ?? story[name]?.at(-1) ?? {};
      lines.forEach(onLine);
      if (breaks !== undefined) throw new GanTrainError('kubernetes', breaks);
    },
  };
  const chosen = (names: readonly string[]): string[] => [...names];
  const show = ({ process, text }: { process: string; text: string }): void =>
    void shown.push(`${process} ${text}`);
  await followAll({ source, chosen, tail: 9, show, tell: (trouble) => told.push(trouble) }, stop.signal, 1);
  return { shown, told };
}

describe('following logs', () => {
  it('shows why a container ends each time that it is started', async () => {
    const life = (n: number) => ({ lines: [`{"time":"${n}"}`, 'error refused: other bits'] });
    expect((await followed({ a: [life(1), life(1), life(2)] }, 4)).shown).toEqual([
      'a {"time":"1"}',
      'a error refused: other bits',
      'a {"time":"2"}',
      'a error refused: other bits',
    ]);
  });

  it('tells once per process and reason what keeps it from that, and tries again', async () => {
    const { shown, told } = await followed(
      {
        a: [{ breaks: 'waiting to start' }, { breaks: 'waiting to start' }, { lines: ['x'], breaks: 'cut' }],
        b: [{ breaks: 'pods/log is forbidden' }],
      },
      4,
    );
    expect(shown).toEqual(['a x']);
    expect(told.sort()).toEqual(['a: cut', 'a: waiting to start', 'b: pods/log is forbidden']);
  });

  it('goes on when the processes cannot be listed for a while', async () => {
    expect(await followed({ a: [{ lines: ['x'] }] }, 1, ['no route', 'no route'])).toEqual({
      shown: ['a x'],
      told: ['looking for processes: no route'],
    });
  });
});
