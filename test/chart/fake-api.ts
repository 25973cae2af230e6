import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { V1Secret } from 'kubernetes-client';

const kinds: Record<string, string[]> = {
  v1: ['ConfigMap', 'PersistentVolumeClaim', 'Pod', 'Secret', 'Service', 'ServiceAccount'],
  'apps/v1': ['StatefulSet'],
  'cert-manager.io/v1': ['Certificate', 'Issuer'],
  'monitoring.coreos.com/v1': ['PodMonitor', 'PrometheusRule', 'ServiceMonitor'],
  'networking.k8s.io/v1': ['Ingress', 'NetworkPolicy'],
  'policy/v1': ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io/v1': ['Role', 'RoleBinding'],
};

/**
 * As much of Kubernetes' API as helm asks for what is there: kinds, and these secrets in the namespace default. Writes its kubeconfig to the
 * file.
 */
export async function startFakeApi(
  kubeconfig: string,
  secrets: readonly V1Secret[] = [],
): Promise<{ close(): void }> {
  const server = createServer((request, response) => {
    const answer = answerTo(new URL(request.url ?? '', 'http://api').pathname, secrets);
    const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? missing));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
    clusters: [{ name: 'fake', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'fake', user: {} }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answerTo(path: string, secrets: readonly V1Secret[]): object | undefined {
  if (path === '/version') return { major: '1', minor: '34', gitVersion: 'v1.34.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() };
  const [, groupVersion = ''] = /^\/apis?\/((?:[^/]+\/)?v1)$/.exec(path) ?? [];
  const resources = kinds[groupVersion];
  if (resources !== undefined)
    return { kind: 'APIResourceList', groupVersion, resources: resources.map(resourceOf) };
  const [, name] = /^\/api\/v1\/namespaces\/default\/secrets\/([^/]+)$/.exec(path) ?? [];
  return name === undefined ? undefined : secrets.find(({ metadata }) => metadata?.name === name);
}

const groups = (): object[] =>
  Object.keys(kinds)
    .filter((groupVersion) => groupVersion !== 'v1')
    .map((groupVersion) => {
      const version = { groupVersion, version: 'v1' };
      return { name: groupVersion.replace('/v1', ''), versions: [version], preferredVersion: version };
    });

function resourceOf(kind: string): object {
  const singularName = kind.toLowerCase();
  const name = kind.endsWith('y')
    ? singularName.replace(/y$/, 'ies')
    : `${singularName}${kind.endsWith('s') ? 'es' : 's'}`;
  return { name, singularName, kind, namespaced: true, verbs: ['create', 'get', 'list', 'patch', 'update'] };
}
