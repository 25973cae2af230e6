import { onTestFinished, vi } from 'vitest';

/** Deadlines come when a test says so: `vi.advanceTimersByTime`. What goes over the network is as ever. */
export function stopTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}
