import type { V1NetworkPolicyPeer, V1NetworkPolicyPort, V1NetworkPolicySpec } from 'kubernetes-client';
import { selects } from './manifests.js';

/** Somebody with an address: a pod, or what is no pod of the cluster. */
export interface Party {
  namespace?: string;
  labels?: Record<string, string> | undefined;
  ip?: string;
}

/** As the client has it, but by the names of the API. */
export type Policy = Omit<V1NetworkPolicySpec, 'ingress'> & {
  ingress?: { from?: V1NetworkPolicyPeer[]; ports?: V1NetworkPolicyPort[] }[];
};

export interface Port {
  port: number;
  protocol?: 'TCP' | 'UDP';
}

/**
 * Whether policies of one namespace let `from` connect to a port of `to`, by the rules of
 * https://kubernetes.io/docs/concepts/services-networking/network-policies.
 */
export function letsThrough(
  policies: readonly Policy[],
  namespace: string,
  from: Party,
  to: Party,
  port: Port,
): boolean {
  const about = (party: Party, type: 'Ingress' | 'Egress'): Policy[] =>
    party.namespace !== namespace
      ? []
      : policies.filter(
          ({ policyTypes, podSelector }) =>
            policyTypes?.includes(type) && selects(podSelector ?? {}, party.labels ?? {}),
        );
  const egress = about(from, 'Egress');
  const ingress = about(to, 'Ingress');
  const goesOut = egress.some((policy) =>
    (policy.egress ?? []).some((rule) => isPeer(rule.to, to, namespace) && isPort(rule.ports, port)),
  );
  const comesIn = ingress.some((policy) =>
    (policy.ingress ?? []).some((rule) => isPeer(rule.from, from, namespace) && isPort(rule.ports, port)),
  );
  return (egress.length === 0 || goesOut) && (ingress.length === 0 || comesIn);
}

const isPort = (ports: V1NetworkPolicyPort[] | undefined, { port, protocol = 'TCP' }: Port): boolean =>
  ports === undefined || ports.some((each) => each.port === port && (each.protocol ?? 'TCP') === protocol);

const isPeer = (peers: V1NetworkPolicyPeer[] | undefined, party: Party, namespace: string): boolean =>
  peers === undefined || peers.some((peer) => matches(peer, party, namespace));

function matches(
  { ipBlock, namespaceSelector, podSelector }: V1NetworkPolicyPeer,
  { namespace, labels = {}, ip }: Party,
  own: string,
): boolean {
  // Whether an address block covers pods is up to the network: here it doesn't.
  if (ipBlock !== undefined) return ip !== undefined && isInBlock(ip, ipBlock.cidr);
  if (namespace === undefined) return false;
  const isThere =
    namespaceSelector === undefined
      ? namespace === own
      : selects(namespaceSelector, { 'kubernetes.io/metadata.name': namespace });
  return isThere && (podSelector === undefined || selects(podSelector, labels));
}

function isInBlock(ip: string, cidr: string): boolean {
  const [base = '', bits = ''] = cidr.split('/');
  const numberOf = (address: string): bigint =>
    address.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
  const shift = BigInt(32 - Number(bits));
  return numberOf(ip) >> shift === numberOf(base) >> shift;
}
