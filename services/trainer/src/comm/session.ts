import { setTimeout as delay } from 'node:timers/promises';
import {
  errorFromStatus,
  type CoordinatorClient,
  type LastingClient,
  type SessionDown__Output,
  type SessionUp,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';

/** How long one attempt to reach the coordinator may take. */
const attemptMs = 5_000;
const flushMs = 1_000;

export interface SessionHooks {
  connected(): void;
  heard(down: SessionDown__Output): void;
  /** It broke, or never came about. Once, and nothing after it. */
  disconnected(error: GanTrainError): void;
}

/** One stream to the coordinator, from the attempt to reach it to its end. */
export interface Session {
  send(message: SessionUp): void;
  /** Resolves when what was sent has left this process, or after a second. */
  flush(): Promise<void>;
  /** Ends it without a word to the hooks. */
  end(): void;
}

export function openSession({ client, renew }: LastingClient, afterMs: number, hooks: SessionHooks): Session {
  let isOver = false;
  let call: ReturnType<CoordinatorClient['Session']> | undefined;
  const over = (error: GanTrainError): void => {
    if (isOver) return;
    isOver = true;
    call?.cancel();
    hooks.disconnected(error);
  };
  const begin = (): void => {
    if (isOver) return;
    client.waitForReady(Date.now() + attemptMs, (error) => {
      if (isOver) return;
      if (error !== undefined) {
        renew();
        over(new GanTrainError('coordinator_lost', 'nobody answers', undefined, error));
        return;
      }
      call = client.Session();
      call.on('data', (down: SessionDown__Output) => {
        if (!isOver) hooks.heard(down);
      });
      call.on('error', (broken) => over(errorFromStatus(broken, 'coordinator_lost')));
      call.on('end', () => over(new GanTrainError('coordinator_lost', 'the coordinator ended the session')));
      hooks.connected();
    });
  };
  const timer = setTimeout(begin, afterMs);
  return {
    send: (message) => void call?.write(message),
    async flush() {
      call?.end();
      const flushed = new Promise<void>((resolve) => call?.once('finish', resolve) ?? resolve());
      await Promise.race([flushed, delay(flushMs, undefined, { ref: false })]);
    },
    end() {
      isOver = true;
      clearTimeout(timer);
      // What was sent before still goes.
      call?.end();
    },
  };
}
