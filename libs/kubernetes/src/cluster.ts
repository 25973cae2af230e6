import { readFileSync } from 'node:fs';
import { ApiException, AppsV1Api, CoreV1Api, KubeConfig } from 'kubernetes-client';
import { GanTrainError, withTimeout } from '@gan-train/service';

/** A namespace of a cluster, and the way to its API. */
export interface Cluster {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly namespace: string;
}

const callMs = 10_000;
const ownNamespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/**
 * The cluster of this pod, or that of the kubeconfig ($KUBECONFIG, ~/.kube/config). The namespace is the one given, else the pod's own or the
 * context's. Throws `bad_config`.
 */
export function openCluster({ namespace }: { namespace?: string } = {}): Cluster {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
    const own = namespace ?? ownNamespace() ?? config.getContextObject(config.getCurrentContext())?.namespace;
    return {
      config,
      core: config.makeApiClient(CoreV1Api),
      apps: config.makeApiClient(AppsV1Api),
      namespace: own ?? 'default',
    };
  } catch (thrown) {
    const { message } = GanTrainError.from(thrown);
    const what = `there is no cluster to talk to: ${message}`;
    throw new GanTrainError('bad_config', what, 'see whether kubectl works, and set KUBECONFIG', thrown);
  }
}

function ownNamespace(): string | undefined {
  if (process.env.KUBERNETES_SERVICE_HOST === undefined) return undefined;
  try {
    return readFileSync(ownNamespaceFile, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** A call to the API, with a deadline. Throws `kubernetes`, with what the API says. */
export async function askApi<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await withTimeout(call(), callMs, what);
  } catch (thrown) {
    throw new GanTrainError('kubernetes', `${what}: ${wordsOf(thrown)}`, hintOf(thrown), thrown);
  }
}

function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof ApiException)) return GanTrainError.from(thrown).message;
  try {
    const { message } = JSON.parse(String(thrown.body)) as { message?: string };
    return message ?? `status ${thrown.code}`;
  } catch {
    return `status ${thrown.code}`;
  }
}

function hintOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof ApiException)) return undefined;
  return thrown.code === 403 ? 'give whoever calls this right by a Role' : undefined;
}
