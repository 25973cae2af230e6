import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  errorFromStatus,
  type CoordinatorClient,
  type SessionDown__Output,
  type SessionUp,
} from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';

/** How long a trainer looks for its coordinator. */
const connectTimeoutMs = 60_000;
const flushMs = 1_000;

type DownName = NonNullable<SessionDown__Output['message']>;
export type Down<Name extends DownName> = NonNullable<SessionDown__Output[Name]>;

/** The stream to the coordinator, as messages that are waited for by name. */
export interface Session {
  send(message: SessionUp): void;
  /** Resolves when the message has left this process, or after a second. */
  sendAndFlush(message: SessionUp): Promise<void>;
  /** The next message of that name, from now on. Rejects when the session ends. */
  next<Name extends DownName>(name: Name): Promise<Down<Name>>;
  on<Name extends DownName>(name: Name, listener: (message: Down<Name>) => void): void;
  /** Aborted when the session ended, with the reason. */
  readonly ended: AbortSignal;
  close(): void;
}

/** Throws `coordinator_lost` when nobody answers at the address. */
export async function openSession(client: CoordinatorClient, address: string): Promise<Session> {
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + connectTimeoutMs, (error) => {
      if (error === undefined) resolve();
      else {
        const what = `no coordinator answered at ${address} for ${connectTimeoutMs / 1000} s`;
        reject(new GanTrainError('coordinator_lost', what, 'check --coordinator', error));
      }
    });
  });
  const call = client.Session();
  const messages = new EventEmitter();
  messages.setMaxListeners(0);
  const ended = new AbortController();
  const end = (error: GanTrainError): void => {
    if (!ended.signal.aborted) ended.abort(error);
  };
  call.on('data', (down: SessionDown__Output) => {
    if (down.refused)
      end(new GanTrainError('refused', `the coordinator refused this trainer: ${down.refused.message}`));
    else if (down.message) messages.emit(down.message, down[down.message]);
  });
  call.on('error', (error) => end(errorFromStatus(error, 'coordinator_lost')));
  call.on('end', () => end(new GanTrainError('coordinator_lost', 'the coordinator ended the session')));
  return {
    send: (message) => void call.write(message),
    async sendAndFlush(message) {
      const flushed = new Promise<void>((resolve) => call.write(message, () => resolve()));
      await Promise.race([flushed, delay(flushMs, undefined, { ref: false })]);
    },
    async next(name) {
      try {
        const [message] = (await once(messages, name, { signal: ended.signal })) as [Down<typeof name>];
        return message;
      } catch {
        throw GanTrainError.from(ended.signal.reason);
      }
    },
    on: (name, listener) => void messages.on(name, listener),
    ended: ended.signal,
    close: () => call.end(),
  };
}
