import type { V1StatefulSet } from 'kubernetes-client';
import type { GanTrainError } from '@gan-train/service';
import { abortedBy } from './ask-api.js';
import type { Cluster } from './cluster.js';
import { follow } from './follow.js';

export interface StatefulSetFacts {
  name: string;
  uid: string;
  /** What it asks its pods to be. */
  replicas: number;
  annotations: Record<string, string>;
  /** Of its pods, as a label selector. */
  selector: string;
}

/** Tells how a StatefulSet is, whenever something of it changes, until the signal aborts. Never throws. */
export async function followStatefulSet(
  cluster: Cluster,
  name: string,
  hooks: { onChange: (facts: StatefulSetFacts) => void; onFailure: (error: GanTrainError) => void },
  signal: AbortSignal,
): Promise<void> {
  const { apps, namespace } = cluster;
  const fieldSelector = `metadata.name=${name}`;
  await follow<V1StatefulSet>(
    cluster,
    {
      path: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
      query: { fieldSelector },
      list: async (until) => apps.listNamespacedStatefulSet({ namespace, fieldSelector }, abortedBy(until)),
      onChange([set]) {
        if (set !== undefined) hooks.onChange(factsFrom(set));
      },
      onFailure: hooks.onFailure,
    },
    signal,
  );
}

function factsFrom({ metadata, spec }: V1StatefulSet): StatefulSetFacts {
  const labels = Object.entries(spec?.selector.matchLabels ?? {});
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    replicas: spec?.replicas ?? 1,
    annotations: metadata?.annotations ?? {},
    selector: labels.map(([label, value]) => `${label}=${value}`).join(','),
  };
}
