import { GanTrainError, type ErrorCode } from '@gan-train/service';
import type { MessagePort, TransferListItem, Worker } from 'node:worker_threads';

/** Functions that one thread offers to another: one request, one reply, both structured-cloneable. */
export type Calls = Record<string, (request: never) => Promise<unknown>>;

type Port = Pick<MessagePort | Worker, 'postMessage' | 'on'>;

interface CallMessage {
  id: number;
  name: string;
  request: unknown;
}

type ReplyMessage = { id: number } & (
  { reply: unknown } | { error: { code: ErrorCode; what: string; todo: string | undefined } }
);

/** A reply whose buffers are moved to the other thread instead of copied. */
export class Moved<T> {
  constructor(
    readonly value: T,
    readonly transfer: readonly TransferListItem[],
  ) {}
}

export type Unmoved<T> = T extends Moved<infer Value> ? Value : T;

/** Answers calls that arrive at `port`; an error travels with its code. */
export function serveCalls(port: Port, calls: Calls): void {
  port.on('message', (message: CallMessage) => {
    const { id, name, request } = message;
    void (async () => {
      try {
        const call = calls[name] as ((request: unknown) => Promise<unknown>) | undefined;
        if (call === undefined) throw new GanTrainError('internal', `there is no call ${name}`);
        const reply = await call(request);
        if (reply instanceof Moved) port.postMessage({ id, reply: reply.value as unknown }, reply.transfer);
        else port.postMessage({ id, reply });
      } catch (thrown) {
        const { code, what, todo } = GanTrainError.from(thrown);
        port.postMessage({ id, error: { code, what, todo } });
      }
    })();
  });
}

export interface Caller<Served extends Calls> {
  call<Name extends keyof Served & string>(
    name: Name,
    request: Parameters<Served[Name]>[0],
  ): Promise<Unmoved<Awaited<ReturnType<Served[Name]>>>>;
  /** Rejects everything that waits, and every later call: the other thread is gone. */
  fail(error: GanTrainError): void;
}

export function createCaller<Served extends Calls>(port: Port): Caller<Served> {
  const waiting = new Map<
    number,
    { resolve: (reply: never) => void; reject: (error: GanTrainError) => void }
  >();
  let next = 0;
  let failure: GanTrainError | undefined;
  port.on('message', (message: ReplyMessage) => {
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if ('reply' in message) call?.resolve(message.reply as never);
    else {
      const { code, what, todo } = message.error;
      call?.reject(new GanTrainError(code, what, todo));
    }
  });
  return {
    call: async (name, request) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        const id = next++;
        waiting.set(id, { resolve, reject });
        port.postMessage({ id, name, request } satisfies CallMessage);
      }),
    fail(error) {
      failure = error;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    },
  };
}
