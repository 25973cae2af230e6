import { tlsIdentityFrom, type TlsIdentity } from '@gan-train/rpc';
import { GanTrainError } from '@gan-train/service';

/** A run that is named `k8s:[NAMESPACE/]RELEASE`: that of a Helm release in the cluster that kubectl talks to. */
export interface ClusterRun {
  namespace: string | undefined;
  release: string;
}

const grpcPort = 7070;

export const isClusterRun = (run: string | undefined): boolean => run?.startsWith('k8s:') === true;

/** Undefined for what is named otherwise. Throws `bad_config`. */
export function clusterRunFrom(run: string): ClusterRun | undefined {
  if (!isClusterRun(run)) return undefined;
  const match = /^k8s:(?:([a-z0-9-]+)\/)?([a-z0-9][a-z0-9.-]*)$/.exec(run);
  if (match?.[2] === undefined)
    throw new GanTrainError(
      'bad_config',
      `${run} names no release`,
      'write k8s:RELEASE, or k8s:NAMESPACE/RELEASE',
    );
  return { namespace: match[1], release: match[2] };
}

export async function openClusterOf({ namespace }: ClusterRun) {
  const kubernetes = await import('@gan-train/kubernetes');
  return { kubernetes, cluster: kubernetes.openCluster(namespace === undefined ? {} : { namespace }) };
}

/** The way to a coordinator. */
export interface CoordinatorPath {
  address: string;
  /** Who asks, where connections are encrypted. */
  tls: TlsIdentity | undefined;
  /** Why it leads nowhere, where that is known. */
  failure: () => GanTrainError | undefined;
  close(): void;
}

/**
 * Forwards a port of this machine to the coordinator of a release. Whoever has no certificate of their own gets the release's, whose key is then in
 * no file; the others may have no right to read it. Throws `run_missing`, `kubernetes`.
 */
export async function openPathTo(run: ClusterRun, own: TlsIdentity | undefined): Promise<CoordinatorPath> {
  const { kubernetes, cluster } = await openClusterOf(run);
  const { coordinatorPod, operatorSecret } = await kubernetes.findRelease(cluster, run.release);
  let tls = own;
  if (tls === undefined && operatorSecret !== undefined) {
    const secret = await kubernetes.readSecret(cluster, operatorSecret);
    tls = tlsIdentityFrom(secret, 'operator', `the Secret ${operatorSecret}`);
  }
  const forwarded = await kubernetes.forwardPort(cluster, coordinatorPod, grpcPort);
  return {
    address: `127.0.0.1:${forwarded.port}`,
    tls,
    failure: () => forwarded.failure,
    close: forwarded.close,
  };
}
