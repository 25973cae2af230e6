import { setTimeout as delay } from 'node:timers/promises';
import type { StatusReply__Output } from '@gan-train/rpc';
import { GanTrainError, plural, type ErrorCode } from '@gan-train/service';
import { askCoordinator, type RunPlace } from './coordinator-of.js';
import { decideWait, type Awaited } from './decide-wait.js';
import { wholeNumber } from './numbers.js';

export interface WaitFlags {
  for: string;
  timeoutSeconds: string;
  tlsDir?: string;
}

const pollMs = 2_000;
const longestSeconds = 31_536_000;
/** What may pass: the coordinator isn't there yet, or again. */
const passing: ErrorCode[] = ['coordinator_lost', 'kubernetes', 'run_missing', 'timeout'];

/** `gan-train wait`: until a run makes one more step, or ends. Returns the exit code; throws why it doesn't. */
export async function wait(run: string | undefined, flags: WaitFlags, signal: AbortSignal): Promise<number> {
  const seconds = wholeNumber('timeout-seconds', flags.timeoutSeconds, 1, longestSeconds);
  const awaited = awaitedFrom(flags.for);
  const deadline = performance.now() + 1000 * seconds;
  let firstStep: number | undefined;
  let told = '';
  const tell = (line: string): void => {
    if (line !== told) process.stdout.write(`${line}\n`);
    told = line;
  };
  for (;;) {
    const reply = await statusOrReason({ run, tlsDir: flags.tlsDir });
    const decision = typeof reply === 'string' ? undefined : decideWait(awaited, firstStep, reply);
    const reason = typeof reply === 'string' ? reply : (decision?.reason ?? '');
    switch (decision?.action) {
      case 'done':
        tell(reason);
        return 0;
      case 'fail':
        throw new GanTrainError('refused', reason, 'see gan-train logs');
      case 'wait':
        firstStep ??= decision.step;
        break;
      case undefined:
    }
    tell(`waiting: ${reason}`);
    if (performance.now() + pollMs > deadline) {
      const missed = awaited === 'step' ? 'made no step' : 'did not end';
      const what = `the run ${missed} within ${plural(seconds, 'second')}: ${reason}`;
      throw new GanTrainError('timeout', what, 'see gan-train status and gan-train logs');
    }
    await delay(pollMs, undefined, { signal }).catch(() => {
      throw GanTrainError.from(signal.reason);
    });
  }
}

function awaitedFrom(what: string): Awaited {
  if (what === 'step' || what === 'end') return what;
  throw new GanTrainError('bad_config', `for must be step or end, not ${what}`);
}

/** How the run is doing, or why nobody says. Throws what doesn't pass. */
async function statusOrReason(place: RunPlace): Promise<StatusReply__Output | string> {
  try {
    return await askCoordinator<object, StatusReply__Output>(place, 'Status', { runId: '' });
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (!passing.includes(error.code)) throw error;
    return error.what;
  }
}
