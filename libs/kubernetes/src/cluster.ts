import { readFileSync } from 'node:fs';
import { AppsV1Api, CoreV1Api, KubeConfig } from 'kubernetes-client';
import { GanTrainError } from '@gan-train/service';

/** A namespace of a cluster, and the way to its API. */
export interface Cluster {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly namespace: string;
}

const ownNamespaceFile = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
/** Where the client believes a cluster to be when nothing names one. */
const inventedServer = 'http://localhost:8080';
const inventedContext = 'loaded-context';

/**
 * The cluster of this pod, or that of the kubeconfig ($KUBECONFIG, ~/.kube/config). The namespace is the one given, else the pod's own or the
 * context's. Throws `bad_config`.
 */
export function openCluster({ namespace }: { namespace?: string } = {}): Cluster {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
    requireFound(config);
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
    throw new GanTrainError('bad_config', what, 'see whether kubectl works, or set KUBECONFIG', thrown);
  }
}

function requireFound(config: KubeConfig): void {
  const isInvented =
    config.getCurrentContext() === inventedContext && config.getCurrentCluster()?.server === inventedServer;
  if (isInvented) throw new Error('no kubeconfig found');
}

function ownNamespace(): string | undefined {
  if (process.env.KUBERNETES_SERVICE_HOST === undefined) return undefined;
  try {
    return readFileSync(ownNamespaceFile, 'utf8').trim();
  } catch {
    return undefined;
  }
}
