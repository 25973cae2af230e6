import type { KeptReplicas } from './decide-replicas.js';

/** Keys of the status ConfigMap, which lives and dies with the StatefulSet: what of the chart's values was applied, and what an end changed. */
const keys = { applied: 'replicasApplied', atEnd: 'replicasAtEnd' } as const;

export function keptFromData(data: Record<string, string>): KeptReplicas {
  return { applied: wholeFrom(data[keys.applied]), atEnd: wholeFrom(data[keys.atEnd]) };
}

/** For a merge: null removes. */
export function dataFromKept({ applied, atEnd }: KeptReplicas): Record<string, string | null> {
  return { [keys.applied]: applied?.toString() ?? null, [keys.atEnd]: atEnd?.toString() ?? null };
}

/** Undefined for what isn't a whole number from 0 on. */
export function wholeFrom(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
