import { PatchStrategy, setHeaderOptions } from 'kubernetes-client';
import { askApi, type Cluster } from './cluster.js';

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

/** Sets how many pods a StatefulSet is to have. Throws `kubernetes`. */
export async function patchReplicas(
  { apps, namespace }: Cluster,
  name: string,
  replicas: number,
): Promise<void> {
  await askApi(`scaling ${name} to ${replicas}`, async () =>
    apps.patchNamespacedStatefulSetScale({ name, namespace, body: { spec: { replicas } } }, merge),
  );
}

/** What a ConfigMap holds. Throws `kubernetes`. */
export async function readConfigMap(
  { core, namespace }: Cluster,
  name: string,
): Promise<Record<string, string>> {
  const { data } = await askApi(`reading the ConfigMap ${name}`, async () =>
    core.readNamespacedConfigMap({ name, namespace }),
  );
  return data ?? {};
}

/** Sets keys of a ConfigMap; null removes one. Throws `kubernetes`. */
export async function patchConfigMap(
  { core, namespace }: Cluster,
  name: string,
  data: Record<string, string | null>,
): Promise<void> {
  await askApi(`writing the ConfigMap ${name}`, async () =>
    core.patchNamespacedConfigMap({ name, namespace, body: { data } }, merge),
  );
}
