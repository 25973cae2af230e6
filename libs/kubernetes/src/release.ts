import type { V1Pod } from 'kubernetes-client';
import { GanTrainError } from '@gan-train/service';
import { abortedBy, askApi } from './ask-api.js';
import type { Cluster } from './cluster.js';

/** A Helm release of gan-train's chart, as it is in a cluster. */
export interface Release {
  /** What the names of its objects begin with. */
  name: string;
  coordinatorPod: string;
  /** The Secret with a certificate for people, where its processes speak TLS. */
  operatorSecret: string | undefined;
}

const label = (name: string): string => `app.kubernetes.io/${name}`;

/** Throws `run_missing` when no coordinator of it runs in the cluster's namespace. */
export async function findRelease(cluster: Cluster, release: string): Promise<Release> {
  const pods = await podsOfRelease(cluster, release);
  const coordinators = pods.filter(
    ({ metadata }) => metadata?.labels?.[label('component')] === 'coordinator',
  );
  const alive = coordinators.find(
    ({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.phase === 'Running',
  );
  if (alive?.metadata?.name === undefined) {
    const what = `no coordinator of release ${release} runs in namespace ${cluster.namespace}`;
    const phases = coordinators.map(({ metadata, status }) => `${metadata?.name} is ${status?.phase}`);
    throw new GanTrainError(
      'run_missing',
      [what, ...phases].join(': '),
      'see helm list -A and kubectl get pods',
    );
  }
  const { name } = alive.metadata;
  return {
    name: name.replace(/-coordinator-\d+$/, ''),
    coordinatorPod: name,
    operatorSecret: alive.metadata.annotations?.['gan-train/operator-secret'],
  };
}

/** A process of a release. */
export interface ReleaseProcess {
  /** Such as trainer-0. */
  name: string;
  pod: string;
}

/** The processes of a release, however their pods are: also those that wait, end or have ended. None where there is no such release. Throws `kubernetes`. */
export async function processesOfRelease(cluster: Cluster, release: string): Promise<ReleaseProcess[]> {
  const pods = await podsOfRelease(cluster, release);
  return pods.flatMap(({ metadata }) => {
    const component = metadata?.labels?.[label('component')] ?? '';
    const pod = metadata?.name ?? '';
    const ordinal = /\d+$/.exec(pod)?.[0];
    if (!['coordinator', 'trainer'].includes(component) || ordinal === undefined) return [];
    return { name: `${component}-${ordinal}`, pod };
  });
}

async function podsOfRelease({ core, namespace }: Cluster, release: string): Promise<V1Pod[]> {
  const labelSelector = `${label('instance')}=${release},${label('name')}=gan-train`;
  const { items } = await askApi(`listing the pods of ${release}`, async (signal) =>
    core.listNamespacedPod({ namespace, labelSelector }, abortedBy(signal)),
  );
  return items;
}

/** What a Secret holds, by key. Throws `kubernetes`. */
export async function readSecret(
  { core, namespace }: Cluster,
  name: string,
): Promise<Record<string, Buffer>> {
  const { data = {} } = await askApi(`reading the Secret ${name}`, async (signal) =>
    core.readNamespacedSecret({ name, namespace }, abortedBy(signal)),
  );
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64')]));
}
