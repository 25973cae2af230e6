import type { PeerWatch } from '@gan-train/collective';

/** Counts what is asked of each peer, and remembers who doesn't answer. */
export interface Watch extends PeerWatch {
  answered(rank: number): void;
  ranks(): { waitingFor: number[]; unreachable: number[] };
}

export function createPeerWatch(): Watch {
  const asked = new Map<number, number>();
  const silent = new Set<number>();
  return {
    asked(rank) {
      asked.set(rank, (asked.get(rank) ?? 0) + 1);
      return () => {
        const left = (asked.get(rank) ?? 1) - 1;
        if (left > 0) asked.set(rank, left);
        else asked.delete(rank);
        silent.delete(rank);
      };
    },
    failed: (rank) => void silent.add(rank),
    answered: (rank) => void silent.delete(rank),
    ranks: () => ({ waitingFor: [...new Set([...asked.keys(), ...silent])], unreachable: [...silent] }),
  };
}
