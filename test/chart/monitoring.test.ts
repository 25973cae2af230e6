import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { V1ConfigMap, V1Ingress } from 'kubernetes-client';
import { chart, helm4, helms, render } from './helm.js';
import { ofKind, only, podsOf, selects } from './manifests.js';

interface Monitor {
  spec: { selector: object; podMetricsEndpoints?: object[]; endpoints?: object[]; jobLabel: string };
}

const filesIn = async (folder: string): Promise<string[]> => (await readdir(join(chart, folder))).sort();

describe.each(helms)('$name', (helm) => {
  it('makes nothing of it by default', async () => {
    const objects = await render(helm);
    expect(objects.filter(({ apiVersion }) => apiVersion.startsWith('monitoring'))).toEqual([]);
    expect(ofKind(objects, 'ConfigMap').map(({ metadata }) => metadata.name)).toEqual([
      'gan-train',
      'gan-train-status',
    ]);
  });

  it('has coordinator and trainers scraped by a PodMonitor', async () => {
    const objects = await render(helm, { variant: 'monitoring' });
    const { metadata, spec } = only<Monitor>(objects, 'PodMonitor', 'gan-train');
    expect(metadata.labels.release).toBe('kube-prometheus-stack');
    expect(spec.jobLabel).toBe('app.kubernetes.io/instance');
    expect(spec.podMetricsEndpoints).toEqual([{ port: 'http', path: '/metrics', interval: '15s' }]);
    const scraped = podsOf(objects).filter((pod) => selects(spec.selector, pod.metadata.labels ?? {}));
    expect(scraped.map(({ name }) => name)).toEqual(['gan-train-coordinator', 'gan-train-trainer']);
    expect(ofKind(objects, 'ServiceMonitor')).toEqual([]);
  });

  it('has them scraped by a ServiceMonitor', async () => {
    const objects = await render(helm, { variant: 'everything' });
    const { metadata, spec } = only<Monitor>(objects, 'ServiceMonitor', 'faces');
    expect(metadata.labels.release).toBe('prometheus');
    expect(spec.jobLabel).toBe('app.kubernetes.io/instance');
    expect(spec.endpoints).toEqual([
      {
        port: 'http',
        path: '/metrics',
        interval: '30s',
        scrapeTimeout: '10s',
        relabelings: [{ targetLabel: 'cluster', replacement: 'east' }],
        metricRelabelings: [{ action: 'drop', sourceLabels: ['__name__'], regex: 'nodejs_.*' }],
      },
    ]);
    const scraped = ofKind(objects, 'Service').filter(({ metadata: { labels } }) =>
      selects(spec.selector, labels),
    );
    expect(scraped.map((service) => service.metadata.name)).toEqual(['faces-coordinator', 'faces-trainer']);
  });

  it('brings the dashboards to Grafana as they are', async () => {
    const objects = await render(helm, { variant: 'monitoring' });
    const files = await filesIn('dashboards');
    expect(files).toContain('gan-train-overview.json');
    for (const file of files) {
      const name = `gan-train-dashboard-${file.replace('gan-train-', '').replace('.json', '')}`;
      const { metadata, data } = only<V1ConfigMap>(objects, 'ConfigMap', name);
      expect(metadata?.labels?.grafana_dashboard).toBe('1');
      expect(metadata?.annotations).toEqual({ grafana_folder: 'gan-train' });
      expect(data).toEqual({ [file]: (await readFile(join(chart, 'dashboards', file), 'utf8')).trim() });
    }
  });

  it('names the rules like the release', async () => {
    const set = { 'monitoring.prometheusRule.enabled': true };
    const rules = ofKind(await render(helm, { release: 'a', set }), 'PrometheusRule');
    expect(rules.map(({ metadata }) => metadata.name)).toEqual(['a-gan-train']);
  });

  it('brings the rules to Prometheus as they are', async () => {
    const objects = await render(helm, { variant: 'monitoring' });
    const files = await filesIn('rules');
    expect(files).toContain('gan-train.yaml');
    const rules = ofKind<{ spec: unknown }>(objects, 'PrometheusRule');
    expect(rules).toHaveLength(files.length);
    for (const [i, file] of files.entries()) {
      expect(rules[i]?.metadata.labels.release).toBe('kube-prometheus-stack');
      expect(rules[i]?.spec).toEqual(parse(await readFile(join(chart, 'rules', file), 'utf8')));
    }
  });
});

describe('an ingress', () => {
  it('leads to the HTTP port of the coordinator', async () => {
    const { metadata, spec } = only<V1Ingress>(
      await render(helm4, { variant: 'ingress' }),
      'Ingress',
      'gan-train',
    );
    const backend = { service: { name: 'gan-train-coordinator', port: { name: 'http' } } };
    expect(metadata?.annotations).toEqual({ 'nginx.ingress.kubernetes.io/auth-type': 'basic' });
    expect(spec).toEqual({
      ingressClassName: 'nginx',
      tls: [{ secretName: 'gan-train-example-com', hosts: ['gan-train.example.com'] }],
      rules: [
        { host: 'gan-train.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
        { http: { paths: [{ path: '/metrics', pathType: 'Exact', backend }] } },
      ],
    });
  });
});
