import { setTimeout as delay } from 'node:timers/promises';
import { ApiException, type KubernetesListObject, type KubernetesObject } from 'kubernetes-client';
import { GanTrainError } from '@gan-train/service';
import { apiErrorFrom, askApi, refusalFrom } from './ask-api.js';
import type { Cluster } from './cluster.js';
import { linesOf, openStream } from './open-stream.js';

/** A watch may stall without a word: the server ends it after so long, or else this side does, and everything is listed again. */
const watchSeconds = 240;
const watchMs = 1000 * (watchSeconds + 30);
/** One that ends sooner is taken for none. */
const stoodMs = 1_000;
const firstBackoffMs = 500;
const longestBackoffMs = 30_000;
/** What was asked for is older than what the server remembers. */
const expired = 410;

export interface Followed<T extends KubernetesObject> {
  /** Of the resource, such as /api/v1/namespaces/x/pods. */
  path: string;
  query: { labelSelector?: string; fieldSelector?: string };
  list: (signal: AbortSignal) => Promise<KubernetesListObject<T>>;
  /** All there are, whenever something changed. */
  onChange: (objects: readonly T[]) => void;
  /** The API doesn't answer, or refuses: it is tried again. Once for each reason, until a watch has stood. */
  onFailure: (error: GanTrainError) => void;
}

export interface FollowClock {
  nowMs: () => number;
  /** Resolves early when the signal aborts. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const realClock: FollowClock = {
  nowMs: () => performance.now(),
  pause: async (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

/** Keeps the objects of a kind in view until the signal aborts. Never throws. */
export async function follow<T extends KubernetesObject>(
  cluster: Cluster,
  followed: Followed<T>,
  signal: AbortSignal,
  clock = realClock,
): Promise<void> {
  let backoffMs = firstBackoffMs;
  let failure = '';
  while (!signal.aborted) {
    const { hasStood, error } = await listAndWatch(cluster, followed, signal, clock);
    if (hasStood) {
      backoffMs = firstBackoffMs;
      failure = '';
    }
    if (error === undefined || signal.aborted) continue;
    if (error.message !== failure) followed.onFailure(error);
    failure = error.message;
    await clock.pause(backoffMs, signal);
    backoffMs = Math.min(2 * backoffMs, longestBackoffMs);
  }
}

interface WatchEnd {
  hasStood: boolean;
  /** Why the next one is to wait. */
  error: GanTrainError | undefined;
}

/** Tells of the objects, then of each change until the watch ends. Nothing of it is told, or stays open, afterwards. Never throws. */
async function listAndWatch<T extends KubernetesObject>(
  cluster: Cluster,
  { path, query, list, onChange }: Followed<T>,
  signal: AbortSignal,
  clock: FollowClock,
): Promise<WatchEnd> {
  const what = `watching ${path}`;
  const over = new AbortController();
  const end = (): void => over.abort();
  signal.addEventListener('abort', end, { once: true });
  let patience: NodeJS.Timeout | undefined;
  let begunMs = Infinity;
  let error: GanTrainError | undefined;
  try {
    const { items, metadata } = await askApi(`listing ${path}`, list, over.signal);
    const objects = new Map(items.map((object) => [uidOf(object), object]));
    onChange([...objects.values()]);
    const { resourceVersion } = metadata ?? {};
    const asked = { ...query, watch: true, resourceVersion, timeoutSeconds: watchSeconds };
    const open = async (until: AbortSignal) => openStream(cluster, path, asked, until);
    const events = await askApi(what, open, over.signal);
    begunMs = clock.nowMs();
    patience = setTimeout(end, watchMs);
    for await (const line of linesOf(events, what, over.signal)) {
      apply(objects, line, what);
      onChange([...objects.values()]);
    }
  } catch (thrown) {
    error = GanTrainError.from(thrown);
  } finally {
    clearTimeout(patience);
    signal.removeEventListener('abort', end);
    end();
  }
  const hasStood = clock.nowMs() - begunMs >= stoodMs;
  const isOrderly = error === undefined || refusalFrom(error)?.status === expired;
  if (hasStood && isOrderly) return { hasStood, error: undefined };
  return { hasStood, error: error ?? new GanTrainError('kubernetes', `${what}: it ended at once`) };
}

/** Throws `kubernetes` for an event that says that the watch has failed. */
function apply<T extends KubernetesObject>(objects: Map<string, T>, line: string, what: string): void {
  const { type, object } = JSON.parse(line) as { type: string; object: T };
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      objects.set(uidOf(object), object);
      return;
    case 'DELETED':
      objects.delete(uidOf(object));
      return;
    case 'ERROR': {
      const { code = 0 } = object as { code?: number };
      throw apiErrorFrom(what, new ApiException(code, type, JSON.stringify(object), {}));
    }
  }
}

const uidOf = (object: KubernetesObject): string => object.metadata?.uid ?? '';
