import type { V1ContainerStateTerminated, V1Pod } from 'kubernetes-client';

/** What matters of a pod with one container. */
export interface PodFacts {
  name: string;
  uid: string;
  /** Its deletion was asked for. */
  isDeleting: boolean;
  /** Why Kubernetes ends it, such as EvictionByEvictionAPI. */
  disruption: string | undefined;
  /** Why no node takes it. */
  unschedulable: string | undefined;
  /** What keeps its container from starting. */
  waiting: { reason: string; message: string } | undefined;
  /** How its container ended last; `id` tells one end from another. */
  ended: { id: string; reason: string; exitCode: number } | undefined;
  /** Why it failed as a whole, such as Evicted. */
  failed: { reason: string; message: string } | undefined;
}

/** Something that happened to a pod. */
export interface PodNews {
  pod: string;
  uid: string;
  kind: 'gone' | 'failed' | 'ended' | 'deleting' | 'unschedulable' | 'waiting';
  /** One word, as in Kubernetes' events. */
  reason: string;
  /** For a person. */
  message: string;
}

/** Reasons for which a container waits that pass by themselves. */
const passing = ['ContainerCreating', 'PodInitializing'];
const pulls = ['ErrImagePull', 'ImagePullBackOff'];

export function podFactsFrom({ metadata, status }: V1Pod): PodFacts {
  const conditions = status?.conditions ?? [];
  const disruption = conditions.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True');
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  const [container] = status?.containerStatuses ?? [];
  const waiting = container?.state?.waiting;
  const terminated = container?.state?.terminated ?? container?.lastState?.terminated;
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    isDeleting: metadata?.deletionTimestamp !== undefined,
    disruption: disruption?.reason,
    unschedulable:
      scheduled?.reason === 'Unschedulable' ? (scheduled.message ?? 'no reason given') : undefined,
    waiting:
      waiting?.reason === undefined || passing.includes(waiting.reason)
        ? undefined
        : { reason: waiting.reason, message: waiting.message ?? '' },
    ended: terminated && endFrom(terminated),
    failed:
      status?.phase === 'Failed'
        ? { reason: status.reason ?? 'Failed', message: status.message ?? '' }
        : undefined,
  };
}

function endFrom({ containerID, reason, exitCode }: V1ContainerStateTerminated): PodFacts['ended'] {
  return { id: containerID ?? '', reason: reason ?? 'Error', exitCode };
}

/** What happened between two looks at the same pods. */
export function newsOfPods(before: readonly PodFacts[], after: readonly PodFacts[]): PodNews[] {
  const now = new Set(after.map(({ uid }) => uid));
  const then = new Map(before.map((facts) => [facts.uid, facts]));
  return [
    ...before.filter(({ uid }) => !now.has(uid)).map(newsOfEnd),
    ...after.flatMap((facts) => newsOfPod(then.get(facts.uid), facts)),
  ];
}

function newsOfEnd({ name, uid, disruption }: PodFacts): PodNews {
  const why = disruption === undefined ? '' : ` (${disruption})`;
  return { pod: name, uid, kind: 'gone', reason: 'PodDeleted', message: `pod ${name} is deleted${why}` };
}

function newsOfPod(before: PodFacts | undefined, now: PodFacts): PodNews[] {
  const { name: pod, uid, isDeleting, disruption, unschedulable, waiting, ended, failed } = now;
  const news: PodNews[] = [];
  const tell = (kind: PodNews['kind'], reason: string, message: string): void =>
    void news.push({ pod, uid, kind, reason, message: `pod ${pod} ${message}`.trim() });
  if (failed && !before?.failed) tell('failed', failed.reason, `failed: ${failed.reason}. ${failed.message}`);
  // One that was told to end, and did, is no news.
  const isOrderly = isDeleting && ended?.exitCode === 0;
  if (ended && ended.id !== before?.ended?.id && !isOrderly)
    tell('ended', ended.reason, `ended: ${ended.reason}, exit code ${ended.exitCode}`);
  if (isDeleting && before?.isDeleting !== true) {
    const why = disruption ?? 'PodDeletion';
    tell('deleting', why, `is asked to end (${why})`);
  }
  if (unschedulable !== undefined && unschedulable !== before?.unschedulable)
    tell('unschedulable', 'Unschedulable', `has no node: ${unschedulable}`);
  if (waiting && classOf(waiting.reason) !== classOf(before?.waiting?.reason))
    tell('waiting', waiting.reason, `cannot start: ${waiting.reason}. ${waiting.message}`);
  return news;
}

/** The two reasons of a pull that fails alternate. */
const classOf = (reason: string | undefined): string | undefined =>
  reason !== undefined && pulls.includes(reason) ? 'pull' : reason;
