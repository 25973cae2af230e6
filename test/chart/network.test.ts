import { describe, expect, it } from 'vitest';
import { helm4, render, type Rendering } from './helm.js';
import { ofKind, podOf } from './manifests.js';
import { letsThrough, type Party, type Policy, type Port } from './network.js';

const namespace = 'gan';

/** Who could connect with whom, and whether the chart's policies let them. */
async function network(rendering: Rendering = {}, fullname = 'gan-train') {
  const objects = await render(helm4, rendering);
  const policies = ofKind<{ spec: Policy }>(objects, 'NetworkPolicy').map(({ spec }) => spec);
  const podOfComponent = (component: string): Party => ({
    namespace,
    labels: podOf(objects, `${fullname}-${component}`).metadata.labels,
  });
  const parties = {
    coordinator: podOfComponent('coordinator'),
    trainer: podOfComponent('trainer'),
    'another trainer': podOfComponent('trainer'),
    'helm test': podOfComponent('test'),
    neighbour: { namespace, labels: { app: 'web' } },
    'trainer of another release': {
      namespace,
      labels: { ...podOfComponent('trainer').labels, 'app.kubernetes.io/instance': 'other' },
    },
    'trainer elsewhere': { namespace: 'elsewhere', labels: podOfComponent('trainer').labels },
    Prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } },
    'API server': { ip: '10.96.0.1' },
    internet: { ip: '93.184.216.34' },
    DNS: { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  } satisfies Record<string, Party>;
  const can = (from: keyof typeof parties, to: keyof typeof parties, port: Port): boolean =>
    letsThrough(policies, namespace, parties[from], parties[to], port);
  return { parties: Object.keys(parties) as (keyof typeof parties)[], can };
}

const grpc = { port: 7070 };
const peer = { port: 7071 };
const http = { port: 8080 };

describe('network policies', () => {
  it('let the processes of a run through, and nobody else', async () => {
    const { parties, can } = await network();
    const toPort = (to: (typeof parties)[number], port: Port): string[] =>
      parties.filter((from) => from !== to && can(from, to, port));
    expect(toPort('coordinator', grpc)).toEqual(['trainer', 'another trainer', 'helm test']);
    expect(toPort('coordinator', http)).toEqual(['Prometheus']);
    expect(toPort('coordinator', peer)).toEqual([]);
    expect(toPort('coordinator', { port: 22 })).toEqual([]);
    expect(toPort('trainer', peer)).toEqual(['another trainer']);
    expect(toPort('trainer', http)).toEqual(['Prometheus']);
    expect(toPort('trainer', grpc)).toEqual([]);
    for (const port of [grpc, peer, http]) expect(toPort('helm test', port)).toEqual([]);
  });

  it('let the coordinator alone reach the API server', async () => {
    const { can } = await network();
    // Of the Service, kubeadm, minikube and microk8s.
    for (const port of [443, 6443, 8443, 16443]) {
      expect(can('coordinator', 'API server', { port })).toBe(true);
      expect(can('trainer', 'API server', { port })).toBe(false);
      expect(can('helm test', 'API server', { port })).toBe(false);
    }
  });

  it('let nothing else out', async () => {
    const { can } = await network();
    for (const from of ['coordinator', 'trainer', 'helm test'] as const) {
      expect(can(from, 'internet', { port: 80 })).toBe(false);
      expect(can(from, 'neighbour', { port: 80 })).toBe(false);
      // Of the Service, and of OpenShift's pods.
      for (const port of [53, 5353])
        for (const protocol of ['TCP', 'UDP'] as const)
          expect(can(from, 'DNS', { port, protocol })).toBe(true);
      expect(can(from, 'DNS', { port: 9153 })).toBe(false);
    }
    expect(can('trainer', 'internet', { port: 443 })).toBe(false);
  });

  it('are as narrow as the values make them', async () => {
    const { can } = await network({ variant: 'everything' }, 'faces');
    expect(can('coordinator', 'API server', { port: 6443 })).toBe(false);
    expect(can('coordinator', 'DNS', { port: 1053, protocol: 'UDP' })).toBe(true);
    expect(can('coordinator', 'DNS', { port: 53, protocol: 'UDP' })).toBe(false);
    expect(can('coordinator', 'internet', { port: 1053, protocol: 'UDP' })).toBe(false);
    expect(can('Prometheus', 'coordinator', http)).toBe(false);
    expect(can('trainer', 'coordinator', grpc)).toBe(true);
  });

  it('let nobody read metrics where no namespace may', async () => {
    const { can } = await network({ variant: 'minimal' });
    expect(can('Prometheus', 'coordinator', http)).toBe(false);
    expect(can('Prometheus', 'trainer', http)).toBe(false);
  });

  it('are none where the values say so', async () => {
    expect(ofKind(await render(helm4, { variant: 'tls-off' }), 'NetworkPolicy')).toEqual([]);
  });
});
