import { PatchStrategy, setHeaderOptions } from 'kubernetes-client';
import { abortedBy, askApi } from './ask-api.js';
import type { Cluster } from './cluster.js';

const mergedUntil = (signal: AbortSignal) =>
  setHeaderOptions('Content-Type', PatchStrategy.MergePatch, abortedBy(signal));

/** Sets how many pods a StatefulSet is to have. Throws `kubernetes`. */
export async function patchReplicas(
  { apps, namespace }: Cluster,
  name: string,
  replicas: number,
): Promise<void> {
  await askApi(`scaling ${name} to ${replicas}`, async (signal) =>
    apps.patchNamespacedStatefulSetScale(
      { name, namespace, body: { spec: { replicas } } },
      mergedUntil(signal),
    ),
  );
}

/** What a ConfigMap holds. Throws `kubernetes`. */
export async function readConfigMap(
  { core, namespace }: Cluster,
  name: string,
): Promise<Record<string, string>> {
  const { data } = await askApi(`reading the ConfigMap ${name}`, async (signal) =>
    core.readNamespacedConfigMap({ name, namespace }, abortedBy(signal)),
  );
  return data ?? {};
}

/** Sets keys of a ConfigMap; null removes one. Throws `kubernetes`. */
export async function patchConfigMap(
  { core, namespace }: Cluster,
  name: string,
  data: Record<string, string | null>,
): Promise<void> {
  await askApi(`writing the ConfigMap ${name}`, async (signal) =>
    core.patchNamespacedConfigMap({ name, namespace, body: { data } }, mergedUntil(signal)),
  );
}
