import { setTimeout as delay } from 'node:timers/promises';
import { Watch, type KubernetesListObject, type KubernetesObject } from 'kubernetes-client';
import { GanTrainError } from '@gan-train/service';
import { askApi, type Cluster } from './cluster.js';

/** A watch may stall without a word: the server ends it after so long, or else this side does, and everything is listed again. */
const watchSeconds = 240;
const watchPatienceMs = 1000 * (watchSeconds + 30);
const firstBackoffMs = 500;
const longestBackoffMs = 30_000;

export interface Followed<T extends KubernetesObject> {
  /** Of the resource, such as /api/v1/namespaces/x/pods. */
  path: string;
  query: { labelSelector?: string; fieldSelector?: string };
  list(): Promise<KubernetesListObject<T>>;
  /** All there are, whenever something changed. */
  onChange: (objects: readonly T[]) => void;
  /** The API doesn't answer, or refuses: it is tried again. Once for each reason. */
  onFailure: (error: GanTrainError) => void;
}

/** Keeps the objects of a kind in view until the signal aborts. Never throws. */
export async function follow<T extends KubernetesObject>(
  cluster: Cluster,
  followed: Followed<T>,
  signal: AbortSignal,
): Promise<void> {
  let backoffMs = firstBackoffMs;
  let failure = '';
  while (!signal.aborted) {
    try {
      const list = await askApi(`listing ${followed.path}`, async () => followed.list());
      const objects = new Map(list.items.map((object) => [uidOf(object), object]));
      followed.onChange([...objects.values()]);
      failure = '';
      await watch(cluster, followed, list.metadata?.resourceVersion, objects, signal);
      backoffMs = firstBackoffMs;
    } catch (thrown) {
      const error = GanTrainError.from(thrown);
      if (error.message !== failure && !signal.aborted) followed.onFailure(error);
      failure = error.message;
      await delay(backoffMs, undefined, { signal }).catch(() => undefined);
      backoffMs = Math.min(2 * backoffMs, longestBackoffMs);
    }
  }
}

const uidOf = (object: KubernetesObject): string => object.metadata?.uid ?? '';

/** Resolves when the server ends the watch; rejects when it fails. */
async function watch<T extends KubernetesObject>(
  { config }: Cluster,
  { path, query, onChange }: Followed<T>,
  resourceVersion: string | undefined,
  objects: Map<string, T>,
  signal: AbortSignal,
): Promise<void> {
  const asked = { ...query, resourceVersion, timeoutSeconds: watchSeconds };
  let patience: NodeJS.Timeout | undefined;
  let stop: () => void = () => undefined;
  let aborted: () => void = () => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const changed = (type: string, object: T): void => {
        if (type === 'ERROR') resolve();
        else if (type === 'DELETED') objects.delete(uidOf(object));
        else objects.set(uidOf(object), object);
        if (type !== 'ERROR') onChange([...objects.values()]);
      };
      const done = (error: unknown): void => (error ? reject(GanTrainError.from(error)) : resolve());
      patience = setTimeout(resolve, watchPatienceMs);
      aborted = resolve;
      signal.addEventListener('abort', aborted);
      new Watch(config).watch(path, asked, changed, done).then((request) => {
        stop = () => request.abort();
        if (signal.aborted) stop();
      }, reject);
    });
  } finally {
    clearTimeout(patience);
    signal.removeEventListener('abort', aborted);
    stop();
  }
}
