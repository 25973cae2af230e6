import type { Clock } from './clock.js';
import type { Network } from './network.js';

/** Something that runs on a host, may be paused (SIGSTOP) and woken, and ends once. */
export interface Process {
  readonly name: string;
  readonly host: number;
  readonly isAlive: boolean;
  readonly isPaused: boolean;
  /** How often it was paused. */
  readonly pauses: number;
  /** When it was last started or woken. */
  readonly awakeSinceMs: number;
  /** Now, or when it wakes up; never once it is dead. */
  run(work: () => void): void;
  after(ms: number, work: () => void): void;
  /** Until it is dead. A paused one catches up with one turn. */
  every(ms: number, work: () => void): void;
  pause(): void;
  resume(): void;
  kill(): void;
}

export function createProcess(
  { clock, network }: { clock: Clock; network: Network },
  name: string,
  host: number,
  onEnd: () => void,
): Process {
  let isAlive = true;
  let isPaused = false;
  let pauses = 0;
  let awakeSinceMs = clock.nowMs;
  let held: (() => void)[] = [];

  const run = (work: () => void): void => {
    if (!isAlive) return;
    if (isPaused) held.push(work);
    else work();
  };
  const after = (ms: number, work: () => void): void => clock.after(ms, () => run(work));
  const process: Process = {
    name,
    host,
    get isAlive() {
      return isAlive;
    },
    get isPaused() {
      return isPaused;
    },
    get pauses() {
      return pauses;
    },
    get awakeSinceMs() {
      return awakeSinceMs;
    },
    run,
    after,
    every(ms, work) {
      after(ms, () => {
        work();
        process.every(ms, work);
      });
    },
    pause() {
      if (!isAlive || isPaused) return;
      isPaused = true;
      pauses++;
      network.paused(process);
    },
    resume() {
      if (!isAlive || !isPaused) return;
      isPaused = false;
      awakeSinceMs = clock.nowMs;
      const works = held;
      held = [];
      // One of them may end or pause it again.
      for (const work of works) run(work);
    },
    kill() {
      if (!isAlive) return;
      isAlive = false;
      held = [];
      network.killed(process);
      onEnd();
    },
  };
  return process;
}
