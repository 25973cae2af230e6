import {
  nameOfActivity,
  nameOfPosition,
  type MemberView,
  type RunOptions,
  type TrainerView,
} from './view.js';
import { largestReachable } from './largest-reachable.js';

/** A phase may take this many times what its shards usually take. */
const slowness = 5;
const leastPhaseMs = 10_000;
/** Before anything is known of its speed a trainer compiles. */
const compileMs = 600_000;
/** Healing is copying: what takes longer has no connection worth the name. */
const healMs = 120_000;
/** Keepalive has already waited before a trainer says that another doesn't answer. */
const unreachableMs = 1_000;

export type Blame = { incarnation: string; reason: string; kind: 'deadline' | 'partition' } | undefined;

/**
 * Whom to evict for not getting on, of a generation's members. Who waits, for a peer or for items, is never to blame: only the
 * root of a chain of waits is. Where two can't reach each other the largest set stays whose members all do; among equally large ones
 * that with the furthest state, then with the trainer that came first.
 */
export function decideBlame(
  nowMs: number,
  members: readonly { trainer: TrainerView; member: MemberView }[],
  { exact }: Pick<RunOptions, 'exact'>,
): Blame {
  return cutOff(members, exact) ?? overdue(nowMs, members);
}

/** What a trainer said once does not count by growing old: by its next word the other may be there again. */
function cutOff(members: readonly { trainer: TrainerView }[], exact: boolean): Blame {
  const trainers = members.map(({ trainer }) => trainer);
  const broken = trainers.flatMap(({ incarnation, progress, heardAtMs }) =>
    [...progress.unreachable]
      .filter(([, sinceMs]) => heardAtMs - sinceMs > unreachableMs)
      .map(([other]): [string, string] => [incarnation, other]),
  );
  if (broken.length === 0) return undefined;
  const staying = largestReachable(trainers, broken, exact);
  const out = trainers.find(({ incarnation }) => !staying.has(incarnation));
  if (out === undefined) return undefined;
  const isPair = (pair: readonly string[]): boolean => pair.includes(out.incarnation);
  const other = broken.find(isPair)?.find((incarnation) => incarnation !== out.incarnation);
  const address = trainers.find(({ incarnation }) => incarnation === other)?.address;
  const reason = `it and trainer ${address ?? ''} can't reach each other`;
  return { incarnation: out.incarnation, reason, kind: 'partition' };
}

function overdue(nowMs: number, members: readonly { trainer: TrainerView; member: MemberView }[]): Blame {
  const shardMs =
    1000 * medianOf(members.map(({ trainer }) => trainer.progress.shardSeconds).filter((s) => s > 0));
  for (const { trainer, member } of members) {
    if (trainer.status !== 'running') continue;
    const { activity, position, sinceMs } = trainer.progress;
    const limitMs = limitOf(activity, shardMs, member.shardCount);
    const tookMs = nowMs - sinceMs;
    if (limitMs === undefined || tookMs <= limitMs) continue;
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;
    const reason = `${nameOfActivity(activity)} at ${nameOfPosition(position)} for ${seconds(tookMs)}, longer than ${seconds(limitMs)}`;
    return { incarnation: trainer.incarnation, reason, kind: 'deadline' };
  }
  return undefined;
}

function limitOf(
  activity: TrainerView['progress']['activity'],
  shardMs: number,
  shards: number,
): number | undefined {
  switch (activity) {
    case 'WAITING_DATA':
    case 'WAITING_PEER':
      return undefined;
    case 'HEALING':
      return healMs;
    case 'COMPILING':
      return compileMs;
    case 'COMPUTING':
    case 'IDLE':
    case 'ACTIVITY_UNSPECIFIED':
      return shardMs === 0 ? compileMs : Math.max(leastPhaseMs, slowness * shardMs * shards);
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
