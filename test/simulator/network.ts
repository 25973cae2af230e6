import type { Clock } from './clock.js';
import type { Process } from './process.js';
import type { Random } from '../support/random.js';

/** One end's view of a connection: `lost` is called when it learns that the other end is gone, at most once. */
export interface Link {
  owner: Process;
  peer: Process;
  /** Keepalive: how long the peer may be unreachable or paused before this end gives it up. */
  patienceMs: number;
  lost: () => void;
}

/** Who reaches whom. Hosts are numbers; what runs on one host always reaches its neighbours there. */
export interface Network {
  isBlocked(a: Process, b: Process): boolean;
  /** Since when messages have passed between them. */
  openSinceMs(a: Process, b: Process): number;
  block(a: number, b: number): void;
  unblock(a: number, b: number): void;
  unblockAll(): void;
  /** How long a message travels. */
  delayMs(): number;
  /** Now, or when messages pass again; in order. */
  whenOpen(a: Process, b: Process, work: () => void): void;
  /** Returns how to end it. */
  watch(link: Link): () => void;
  /** To be told by processes. */
  paused(process: Process): void;
  killed(process: Process): void;
}

const keyOf = (a: number, b: number): number => (a < b ? a * 64 + b : b * 64 + a);

export function createNetwork(clock: Clock, random: Random): Network {
  /** By pair of hosts, what is to happen when it is open again. */
  const blocked = new Map<number, { waiting: (() => void)[] }>();
  const opened = new Map<number, number>();
  const links = new Set<Link>();

  const pairOf = (link: Link): number => keyOf(link.owner.host, link.peer.host);

  const end = (link: Link): void => {
    if (!links.delete(link)) return;
    link.owner.run(link.lost);
  };

  /** A peer that is gone answers with a reset as soon as it is asked. */
  const reset = (link: Link): void => clock.after(random.between(1, 300), () => end(link));

  function suspect(link: Link): void {
    const block = blocked.get(pairOf(link));
    const pause = link.peer.pauses;
    clock.after(link.patienceMs, () => {
      const isStillBlocked = block !== undefined && blocked.get(pairOf(link)) === block;
      const isStillPaused = link.peer.isPaused && link.peer.pauses === pause;
      if (isStillBlocked || isStillPaused) end(link);
    });
  }

  function unblock(key: number): void {
    const block = blocked.get(key);
    if (block === undefined) return;
    blocked.delete(key);
    opened.set(key, clock.nowMs);
    for (const work of block.waiting) work();
    for (const link of links) if (pairOf(link) === key && !link.peer.isAlive) reset(link);
  }

  const isBlocked = (a: Process, b: Process): boolean =>
    blocked.size > 0 && blocked.has(keyOf(a.host, b.host));
  return {
    isBlocked,
    openSinceMs: (a, b) => (isBlocked(a, b) ? clock.nowMs : (opened.get(keyOf(a.host, b.host)) ?? 0)),
    block(a, b) {
      const key = keyOf(a, b);
      if (a === b || blocked.has(key)) return;
      blocked.set(key, { waiting: [] });
      for (const link of links) if (pairOf(link) === key) suspect(link);
    },
    unblock: (a, b) => unblock(keyOf(a, b)),
    unblockAll() {
      for (const key of [...blocked.keys()]) unblock(key);
    },
    delayMs: () => (random.chance(0.02) ? random.between(5, 400) : random.between(0.2, 5)),
    whenOpen(a, b, work) {
      const block = blocked.size > 0 ? blocked.get(keyOf(a.host, b.host)) : undefined;
      if (block === undefined) work();
      else block.waiting.push(work);
    },
    watch(link) {
      links.add(link);
      if (isBlocked(link.owner, link.peer) || link.peer.isPaused) suspect(link);
      else if (!link.peer.isAlive) reset(link);
      return () => void links.delete(link);
    },
    paused(process) {
      for (const link of links) if (link.peer === process) suspect(link);
    },
    killed(process) {
      for (const link of [...links]) {
        if (link.owner === process) links.delete(link);
        else if (link.peer === process && !isBlocked(link.owner, process)) reset(link);
      }
    },
  };
}
