import type {
  V1Container,
  V1LabelSelector,
  V1Pod,
  V1PodTemplateSpec,
  V1StatefulSet,
} from 'kubernetes-client';

/** A parsed object of Kubernetes. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
}

export function only<T>(objects: readonly Manifest[], kind: string, name: string): Manifest & T {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1) {
    const there = objects.map((object) => `${object.kind} ${object.metadata.name}`).join(', ');
    throw new Error(`${found.length} of ${kind} ${name} in: ${there}`);
  }
  return found[0] as Manifest & T;
}

export const ofKind = <T>(objects: readonly Manifest[], kind: string): (Manifest & T)[] =>
  objects.filter((object) => object.kind === kind) as (Manifest & T)[];

export interface PodTemplate {
  name: string;
  metadata: NonNullable<V1PodTemplateSpec['metadata']>;
  spec: NonNullable<V1PodTemplateSpec['spec']>;
}

/** All pods, those of StatefulSets and that of `helm test`. */
export function podsOf(objects: readonly Manifest[]): PodTemplate[] {
  const templates = [
    ...ofKind<V1StatefulSet>(objects, 'StatefulSet').map((set) => ({ set, pod: set.spec?.template })),
    ...ofKind<V1Pod>(objects, 'Pod').map((pod) => ({ set: pod, pod: pod })),
  ];
  return templates.map(({ set, pod }) => {
    if (pod?.metadata === undefined || pod.spec === undefined) throw new Error(`${set.kind} without a pod`);
    return { name: set.metadata.name, metadata: pod.metadata, spec: pod.spec };
  });
}

export function podOf(objects: readonly Manifest[], name: string): PodTemplate {
  const pod = podsOf(objects).find((template) => template.name === name);
  if (pod === undefined) throw new Error(`no pod of ${name}`);
  return pod;
}

/** The container of a pod that has one. */
export function containerOf(objects: readonly Manifest[], name: string): V1Container {
  const { containers } = podOf(objects, name).spec;
  const [container] = containers;
  if (container === undefined || containers.length > 1) throw new Error(`${name} has not one container`);
  return container;
}

export function selects(selector: V1LabelSelector, labels: Record<string, string>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator !== 'In') throw new Error(`operator ${operator} is not expected here`);
      return values.includes(labels[key] ?? '');
    })
  );
}
