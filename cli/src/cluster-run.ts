import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GanTrainError } from '@gan-train/service';

/** A run that is named `k8s:[NAMESPACE/]RELEASE`: that of a Helm release in the cluster that kubectl talks to. */
export interface ClusterRun {
  namespace: string | undefined;
  release: string;
}

const grpcPort = 7070;

/** Undefined for what is named otherwise. Throws `bad_config`. */
export function clusterRunFrom(run: string): ClusterRun | undefined {
  if (!run.startsWith('k8s:')) return undefined;
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

/** The way to a coordinator in a cluster. */
export interface ClusterPath {
  /** On this machine. */
  address: string;
  /** With an operator's certificate, where the release has one. */
  tlsDir: string | undefined;
  close(): Promise<void>;
}

/** Forwards a port of this machine to the coordinator of a release. Throws `run_missing`, `kubernetes`. */
export async function openPathTo(run: ClusterRun): Promise<ClusterPath> {
  const { kubernetes, cluster } = await openClusterOf(run);
  const { coordinatorPod, operatorSecret } = await kubernetes.findRelease(cluster, run.release);
  const forwarded = await kubernetes.forwardPort(cluster, coordinatorPod, grpcPort);
  let tlsDir: string | undefined;
  const close = async (): Promise<void> => {
    forwarded.close();
    if (tlsDir !== undefined) await rm(tlsDir, { recursive: true });
  };
  try {
    if (operatorSecret !== undefined) {
      const secret = await kubernetes.readSecret(cluster, operatorSecret);
      tlsDir = await mkdtemp(join(tmpdir(), 'gan-train-operator-'));
      await saveFiles(tlsDir, secret);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { address: `127.0.0.1:${forwarded.port}`, tlsDir, close };
}

/** For nobody else to read. */
async function saveFiles(directory: string, files: Record<string, Buffer>): Promise<void> {
  for (const [name, bytes] of Object.entries(files))
    await writeFile(join(directory, name), bytes, { mode: 0o600 });
}
