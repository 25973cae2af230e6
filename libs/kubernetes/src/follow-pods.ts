import type { GanTrainError } from '@gan-train/service';
import { abortedBy } from './ask-api.js';
import type { Cluster } from './cluster.js';
import { follow } from './follow.js';
import { newsOfPods, podFactsFrom, type PodFacts, type PodNews } from './pods.js';

/** Tells what happens to pods, and at first what is wrong with them already, until the signal aborts. Never throws. */
export async function followPods(
  cluster: Cluster,
  labelSelector: string,
  hooks: { onNews: (news: PodNews) => void; onFailure: (error: GanTrainError) => void },
  signal: AbortSignal,
): Promise<void> {
  const { core, namespace } = cluster;
  let before: PodFacts[] | undefined;
  await follow(
    cluster,
    {
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { labelSelector },
      list: async (until) => core.listNamespacedPod({ namespace, labelSelector }, abortedBy(until)),
      onChange(pods) {
        const now = pods.map(podFactsFrom);
        const news = newsOfPods(before ?? [], now);
        const isNew = ({ kind }: PodNews): boolean =>
          before !== undefined || kind === 'unschedulable' || kind === 'waiting';
        const told = news.filter(isNew);
        before = now;
        told.forEach(hooks.onNews);
      },
      onFailure: hooks.onFailure,
    },
    signal,
  );
}
