import type { Clock } from './clock.js';
import type { Network } from './network.js';
import type { Process } from './process.js';
import type { Random } from '../support/random.js';

export interface Place {
  clock: Clock;
  network: Network;
  random: Random;
}

/** What an end is told. `closed` comes at most once, and nothing after it. */
export interface EndHooks<In> {
  heard(message: In): void;
  closed(how: 'ended' | 'broke'): void;
}

export interface StreamEnd<Out> {
  readonly isClosed: boolean;
  send(message: Out): void;
  /** Nothing more is heard here; what was sent before still goes. */
  end(): void;
}

/** A session as gRPC over TCP has it: in order, nothing lost inside of it, but it may break at any moment. */
export interface Stream<Up, Down> {
  client: StreamEnd<Up>;
  server: StreamEnd<Down>;
  readonly isBroken: boolean;
  /** It breaks in the middle of what is under way; both ends learn of it, each in its own time. */
  cut(): void;
}

const clientPatienceMs = 7_000;
const serverPatienceMs = 15_000;

interface End<In> {
  process: Process;
  isClosed: boolean;
  unwatch: () => void;
  hooks: EndHooks<In>;
}

export function createStream<Up, Down>(
  place: Place,
  client: Process,
  server: Process,
  hooks: { client: EndHooks<Down>; server: EndHooks<Up> },
): Stream<Up, Down> {
  const { clock, network, random } = place;
  let cutAtMs = Infinity;
  const ends = {
    client: endOf(client, hooks.client),
    server: endOf(server, hooks.server),
  };
  ends.client.unwatch = watch(ends.client, ends.server, clientPatienceMs);
  ends.server.unwatch = watch(ends.server, ends.client, serverPatienceMs);

  function endOf<In>(process: Process, of: EndHooks<In>): End<In> {
    return { process, isClosed: false, unwatch: () => undefined, hooks: of };
  }

  function watch(own: End<never>, other: End<never>, patienceMs: number): () => void {
    return network.watch({
      owner: own.process,
      peer: other.process,
      patienceMs,
      lost: () => close(own, other, 'broke'),
    });
  }

  /** This end is over; the other one learns of it once a packet gets through. */
  function close(own: End<never>, other: End<never>, how: 'ended' | 'broke' | undefined): void {
    if (own.isClosed) return;
    if (how === undefined) {
      own.isClosed = true;
      own.unwatch();
    } else learn(own, how);
    if (how !== 'broke' || other.isClosed) return;
    const tell = (): void =>
      clock.after(random.between(1, 300), () => other.process.run(() => close(other, own, 'broke')));
    network.whenOpen(own.process, other.process, tell);
  }

  function learn(
    end: { isClosed: boolean; unwatch: () => void; hooks: Pick<EndHooks<never>, 'closed'> },
    how: 'ended' | 'broke' = 'broke',
  ): void {
    if (end.isClosed) return;
    end.isClosed = true;
    end.unwatch();
    end.hooks.closed(how);
  }

  function pipe<In>(own: End<never>, other: End<In>): StreamEnd<In> {
    let lastMs = 0;
    const carry = (arrive: () => void): void => {
      lastMs = Math.max(lastMs, clock.nowMs + network.delayMs());
      clock.at(lastMs, () => network.whenOpen(own.process, other.process, () => other.process.run(arrive)));
    };
    return {
      get isClosed() {
        return own.isClosed;
      },
      send(message) {
        if (own.isClosed) return;
        carry(() => {
          if (!other.isClosed && clock.nowMs < cutAtMs) other.hooks.heard(message);
        });
      },
      end() {
        if (own.isClosed) return;
        close(own, other, undefined);
        carry(() => {
          if (clock.nowMs < cutAtMs) close(other, own, 'ended');
        });
      },
    };
  }

  return {
    get isBroken() {
      return ends.client.isClosed || ends.server.isClosed || cutAtMs < Infinity;
    },
    client: pipe(ends.client as End<never>, ends.server),
    server: pipe(ends.server as End<never>, ends.client),
    cut() {
      cutAtMs = clock.nowMs + random.between(0, 50);
      for (const end of [ends.client, ends.server]) {
        const learnsMs = 50 + random.between(0, random.chance(0.3) ? 8_000 : 200);
        clock.after(learnsMs, () => end.process.run(() => learn(end)));
      }
    },
  };
}
