import { setTimeout as delay } from 'node:timers/promises';
import { loadRunRecord } from '@gan-train/coordinator';
import type { StatusReply__Output } from '@gan-train/rpc';
import { GanTrainError, plural, type ErrorCode } from '@gan-train/service';
import { isClusterRun } from './cluster-run.js';
import { askCoordinator, localDirectoryOf, type RunPlace } from './coordinator-of.js';
import {
  decideWait,
  knownFromRecord,
  limitOfWait,
  type Awaited,
  type KnownRun,
  type WaitLimit,
} from './decide-wait.js';
import { wholeNumber } from './numbers.js';

export interface WaitFlags {
  for: string;
  timeoutSeconds?: string;
  tlsDir?: string;
}

const pollMs = 2_000;
const longestSeconds = 31_536_000;
const passing: readonly ErrorCode[] = ['coordinator_lost', 'kubernetes', 'run_missing', 'timeout'];

/** `gan-train wait`: until a run makes one more step, or ends. Returns the exit code; throws why it doesn't. */
export async function wait(run: string | undefined, flags: WaitFlags, signal: AbortSignal): Promise<number> {
  const awaited = awaitedFrom(flags.for);
  const limit = limitOfWait(awaited, secondsFrom(flags.timeoutSeconds), isClusterRun(run));
  // The newest run when this begins stays the one that is waited for.
  const directory = await localDirectoryOf(run);
  const place = { run: directory ?? run, tlsDir: flags.tlsDir };
  const startMs = performance.now();
  let heardMs = startMs;
  let firstStep: number | undefined;
  let told = '';
  const tell = (line: string): void => {
    if (line !== told) process.stdout.write(`${line}\n`);
    told = line;
  };
  for (;;) {
    const known = await knownOrReason(place, directory);
    const decision = typeof known === 'string' ? undefined : decideWait(awaited, firstStep, known);
    const reason = typeof known === 'string' ? known : (decision?.reason ?? '');
    switch (decision?.action) {
      case 'done':
        tell(reason);
        return 0;
      case 'fail':
        throw new GanTrainError('refused', reason, 'see gan-train logs');
      case 'wait':
        firstStep ??= decision.step;
        heardMs = performance.now();
        break;
      case undefined:
    }
    tell(`waiting: ${reason}`);
    const sinceMs = limit?.of === 'silence' ? heardMs : startMs;
    if (limit && performance.now() + pollMs > sinceMs + 1000 * limit.seconds)
      throw waitedTooLong(awaited, limit, reason);
    await delay(pollMs, undefined, { signal }).catch(() => {
      throw GanTrainError.from(signal.reason);
    });
  }
}

function awaitedFrom(what: string): Awaited {
  if (what === 'step' || what === 'end') return what;
  throw new GanTrainError('bad_config', `--for must be step or end, not ${what}`);
}

const secondsFrom = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : wholeNumber('--timeout-seconds', text, 1, longestSeconds);

function waitedTooLong(awaited: Awaited, limit: WaitLimit, reason: string): GanTrainError {
  const time = plural(limit.seconds, 'second');
  const missed = awaited === 'step' ? 'made no step' : 'did not end';
  const what =
    limit.of === 'silence'
      ? `nobody has said for ${time} how the run is`
      : `the run ${missed} within ${time}`;
  return new GanTrainError('timeout', `${what}: ${reason}`, 'see gan-train status and gan-train logs');
}

/** How the run is, or why nobody says. Throws what doesn't pass. */
async function knownOrReason(place: RunPlace, directory: string | undefined): Promise<KnownRun | string> {
  try {
    return await askCoordinator<object, StatusReply__Output>(place, 'Status', { runId: '' });
  } catch (thrown) {
    const error = GanTrainError.from(thrown);
    if (!isPassing(error)) throw error;
    // A coordinator goes when its run is over, and its files say how that ended.
    const known = directory === undefined ? undefined : knownFromRecord(await loadRunRecord(directory));
    return known ?? error.what;
  }
}

/** The coordinator isn't there yet, or again; a directory that has no run was refused before. */
function isPassing({ code, cause }: GanTrainError): boolean {
  // The API's answer to who has no right to ask.
  if ([401, 403].includes(Number((cause as { code?: unknown } | undefined)?.code))) return false;
  return passing.includes(code);
}
