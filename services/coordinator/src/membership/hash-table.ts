import { isSameTriple, type Triple } from '@gan-train/rpc';
import type { Mismatch } from './view.js';

/** Positions whose hashes are kept: members are at most one phase apart, and an upload takes a while. */
const mostPositions = 16;
/** Members say their hashes after the same phase. */
const patienceMs = 2_000;

export type Agreement = 'agreed' | 'pending' | 'differing';

/** What the members of a generation say that their states hash to. */
export interface HashTable {
  /** A generation begins with these members. */
  begin(members: readonly string[]): void;
  report(nowMs: number, incarnation: string, state: Triple, hash: string): void;
  /**
   * Members that have said different hashes of one triple. Where time is given (`waits`) only once all have spoken, or after a while:
   * then it is known who differs from most.
   */
  mismatch(nowMs: number, waits: boolean, isPresent: (incarnation: string) => boolean): Mismatch | undefined;
  /** Whether all members that are still there have said this hash of a state. */
  agreement(state: Triple, hash: string, isPresent: (incarnation: string) => boolean): Agreement;
}

interface Entry {
  state: Triple;
  members: readonly string[];
  hashes: Map<string, string>;
  /** When the last one spoke. */
  reportedMs: number;
}

export function createHashTable(): HashTable {
  let members: readonly string[] = [];
  let entries: Entry[] = [];
  const entryOf = (state: Triple): Entry | undefined =>
    entries.find((entry) => isSameTriple(entry.state, state));
  return {
    begin(started) {
      members = started;
      entries = [];
    },
    report(nowMs, incarnation, state, hash) {
      const entry = entryOf(state) ?? {
        state,
        members,
        hashes: new Map<string, string>(),
        reportedMs: nowMs,
      };
      if (entry.hashes.size === 0) entries = [...entries, entry].slice(-mostPositions);
      entry.hashes.set(incarnation, hash);
      entry.reportedMs = nowMs;
    },
    mismatch(nowMs, waits, isPresent) {
      const entry = entries.find((candidate) => groupsOf(candidate).length > 1);
      if (entry === undefined) return undefined;
      if (waits && isPending(entry, isPresent) && nowMs - entry.reportedMs < patienceMs) return undefined;
      const groups = groupsOf(entry);
      const [largest, second] = groups as [string[], string[]];
      // Where no majority is, all are suspects.
      const isMajority = largest.length > second.length;
      const suspects = (isMajority ? groups.slice(1) : groups).flat();
      return { position: entry.state.position, suspects };
    },
    agreement(state, hash, isPresent) {
      const entry = entryOf(state);
      if (entry === undefined) return 'pending';
      if ([...entry.hashes.values()].some((said) => said !== hash)) return 'differing';
      return isPending(entry, isPresent) ? 'pending' : 'agreed';
    },
  };
}

const isPending = ({ members, hashes }: Entry, isPresent: (incarnation: string) => boolean): boolean =>
  members.some((member) => isPresent(member) && !hashes.has(member));

/** Incarnations by the hash that they said, the largest group first. */
function groupsOf({ hashes }: Entry): string[][] {
  const groups = new Map<string, string[]>();
  for (const [incarnation, hash] of hashes) {
    const group = groups.get(hash);
    if (group === undefined) groups.set(hash, [incarnation]);
    else group.push(incarnation);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}
