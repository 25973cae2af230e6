import type { Triple } from '@gan-train/rpc';
import { isSameTriple, type Mismatch } from './view.js';

/** Positions whose hashes are kept: members are at most one phase apart, and an upload takes a while. */
const mostPositions = 16;

export type Agreement = 'agreed' | 'pending' | 'differing';

/** What the members of a generation say that their states hash to. */
export interface HashTable {
  /** A generation begins with these members. */
  begin(members: readonly string[]): void;
  /** Returns the mismatch when this hash differs from another one's of the same triple. */
  report(incarnation: string, state: Triple, hash: string): Mismatch | undefined;
  /** Whether all members that are still there have said this hash of a state. */
  agreement(state: Triple, hash: string, isPresent: (incarnation: string) => boolean): Agreement;
}

interface Entry {
  state: Triple;
  members: readonly string[];
  hashes: Map<string, string>;
}

export function createHashTable(): HashTable {
  let members: readonly string[] = [];
  let entries: Entry[] = [];
  const entryOf = (state: Triple): Entry | undefined =>
    entries.find((entry) => isSameTriple(entry.state, state));
  return {
    begin(started) {
      members = started;
    },
    report(incarnation, state, hash) {
      const entry = entryOf(state) ?? { state, members, hashes: new Map<string, string>() };
      if (entry.hashes.size === 0) entries = [...entries, entry].slice(-mostPositions);
      entry.hashes.set(incarnation, hash);
      const groups = groupsOf(entry);
      if (groups.length < 2) return undefined;
      const [largest, second] = groups as [string[], string[]];
      // Where no majority is, all are suspects.
      const isMajority = largest.length > second.length;
      const suspects = (isMajority ? groups.slice(1) : groups).flat();
      return { position: state.position, suspects };
    },
    agreement(state, hash, isPresent) {
      const entry = entryOf(state);
      if (entry === undefined) return 'pending';
      if ([...entry.hashes.values()].some((said) => said !== hash)) return 'differing';
      const pending = entry.members.some((member) => isPresent(member) && !entry.hashes.has(member));
      return pending ? 'pending' : 'agreed';
    },
  };
}

/** Incarnations by the hash that they said, the largest group first. */
function groupsOf({ hashes }: Entry): string[][] {
  const groups = new Map<string, string[]>();
  for (const [incarnation, hash] of hashes) groups.set(hash, [...(groups.get(hash) ?? []), incarnation]);
  return [...groups.values()].sort((a, b) => b.length - a.length);
}
