import type { Process } from './process.js';
import type { Place } from './stream.js';

export type Failure = 'lost' | 'fenced' | 'differing' | 'timeout' | 'missing';

/** What a call hears. After `failed` or `end` nothing more comes. */
export interface CallHooks<Reply> {
  answered(reply: Reply): void;
  failed(failure: Failure): void;
}

/** The side that serves. */
export interface Answer<Reply> {
  /** May come more than once: the chunks of a stream. */
  reply(reply: Reply): void;
  fail(failure: Failure): void;
  readonly isOver: boolean;
}

/** How long a connection attempt takes that nobody answers. */
const connectMs = 5_000;
const patienceMs = 7_000;

/** A request and its replies. Replies that come too late, after its end, are not heard. Returns how to end it. */
export function call<Reply>(
  { clock, network, random }: Place,
  owner: Process,
  peer: Process | undefined,
  serve: (answer: Answer<Reply>) => void,
  hooks: CallHooks<Reply>,
): () => void {
  let isOver = false;
  let unwatch = (): void => undefined;
  const end = (): void => {
    isOver = true;
    unwatch();
  };
  const fail = (failure: Failure): void => {
    if (isOver) return;
    end();
    hooks.failed(failure);
  };
  if (peer === undefined || !peer.isAlive) {
    // Nobody listens there, or nobody is there.
    owner.after(random.chance(0.8) ? random.between(1, 50) : connectMs, () => fail('lost'));
    return end;
  }
  unwatch = network.watch({ owner, peer, patienceMs, lost: () => fail('lost') });
  let lastMs = 0;
  const back = (work: () => void): void => {
    lastMs = Math.max(lastMs, clock.nowMs + network.delayMs());
    clock.at(lastMs, () => network.whenOpen(owner, peer, () => owner.run(work)));
  };
  const answer: Answer<Reply> = {
    get isOver() {
      return isOver;
    },
    reply: (reply) => back(() => (isOver ? undefined : hooks.answered(reply))),
    fail: (failure) => back(() => fail(failure)),
  };
  clock.after(network.delayMs(), () =>
    network.whenOpen(owner, peer, () =>
      peer.run(() => {
        if (!isOver) serve(answer);
      }),
    ),
  );
  return end;
}
