import { setTimeout as delay } from 'node:timers/promises';

const pollMs = 25;

/** For hooks that train before the tests of a file. */
export const setupMs = 240_000;

/** Asks until the answer is there; throws, naming what was waited for, after `timeoutMs`. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await delay(pollMs);
  }
}

/** Waits until none of the processes is left. */
export async function untilGone(pids: readonly number[], timeoutMs: number): Promise<void> {
  await until(`the end of ${pids.join(', ')}`, () => (pids.some(isAlive) ? undefined : true), timeoutMs);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
