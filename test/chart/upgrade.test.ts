import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { V1ConfigMap, V1NetworkPolicy, V1Service, V1StatefulSet } from 'kubernetes-client';
import { chart, helm4, helms, render, root, run, variants } from './helm.js';
import { ofKind, only, podOf, type Manifest } from './manifests.js';

const package010 = join(root, 'test/integration/kind/gan-train-0.1.0.tgz');

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gan-train-chart-'));
});
afterAll(async () => rm(scratch, { recursive: true }));

/** What restarts pods when it changes. */
const templateOf = (objects: readonly Manifest[], component: string): unknown =>
  podOf(objects, `gan-train-${component}`);

describe('replicas of the trainers', () => {
  it.each(variants)('are never in the StatefulSet of %s', async (variant) => {
    for (const helm of helms) {
      const sets = ofKind<V1StatefulSet>(await render(helm, { variant }), 'StatefulSet');
      const trainers = sets.find(({ metadata }) => metadata.name.endsWith('-trainer'));
      expect(trainers?.spec).not.toHaveProperty('replicas');
      const asked = ['gpu', 'everything'].includes(variant) ? '4' : '2';
      expect(trainers?.metadata.annotations).toEqual({ 'gan-train/replicas': asked });
    }
  });

  it('are asked for by nobody where the values have none', async () => {
    const objects = await render(helm4, { set: { 'trainer.replicas': null } });
    const { metadata } = only<V1StatefulSet>(objects, 'StatefulSet', 'gan-train-trainer');
    expect(metadata.annotations).toBeUndefined();
  });

  it('restart nobody when they change', async () => {
    const [two, five] = [await render(helm4), await render(helm4, { set: { 'trainer.replicas': 5 } })];
    const trainers = only<V1StatefulSet>(five, 'StatefulSet', 'gan-train-trainer');
    expect(trainers.metadata.annotations).toEqual({ 'gan-train/replicas': '5' });
    for (const component of ['coordinator', 'trainer'])
      expect(templateOf(five, component)).toEqual(templateOf(two, component));
  });
});

describe('the config', () => {
  it('restarts the coordinator when it changes, and no trainer', async () => {
    const [before, after] = [await render(helm4), await render(helm4, { set: { 'config.steps': 10 } })];
    const sumOf = (objects: readonly Manifest[]): unknown =>
      podOf(objects, 'gan-train-coordinator').metadata.annotations?.['checksum/config'];
    expect(sumOf(after)).toMatch(/^[0-9a-f]{64}$/);
    expect(sumOf(after)).not.toBe(sumOf(before));
    expect(templateOf(after, 'trainer')).toEqual(templateOf(before, 'trainer'));
  });
});

describe('a new version of the chart', () => {
  it('restarts nobody for the number alone, and is the same StatefulSet', async () => {
    const packed = await run(helm4, ['package', chart, '--version', '9.9.9', '--destination', scratch]);
    expect(packed.exitCode).toBe(0);
    const before = await render(helm4);
    const after = await render(helm4, { chart: join(scratch, 'gan-train-9.9.9.tgz') });
    for (const component of ['coordinator', 'trainer']) {
      expect(templateOf(after, component)).toEqual(templateOf(before, component));
      const name = `gan-train-${component}`;
      const [was, is] = [before, after].map((objects) => only<V1StatefulSet>(objects, 'StatefulSet', name));
      expect(is?.metadata.labels['helm.sh/chart']).toBe('gan-train-9.9.9');
      expect(is?.spec).toEqual(was?.spec);
    }
  });
});

describe('an upgrade of 0.1.0 with --reuse-values', () => {
  // Helm takes the values of the old chart for the defaults of the new one.
  it.each(helms)('is rendered by $name from values that the old chart had', async (helm) => {
    const mixed = await mkdtemp(join(scratch, 'mixed-'));
    await cp(chart, mixed, { recursive: true });
    const old = [
      '-xzf',
      package010,
      '--directory',
      mixed,
      '--strip-components',
      '1',
      'gan-train/values.yaml',
    ];
    execFileSync('tar', old);
    const objects = await render(helm, { chart: mixed });
    const { spec } = only<V1Service>(objects, 'Service', 'gan-train-coordinator');
    expect(spec?.type).toBe('ClusterIP');
    const dns = only<V1NetworkPolicy>(objects, 'NetworkPolicy', 'gan-train-dns').spec?.egress;
    expect(dns).toEqual(
      only<V1NetworkPolicy>(await render(helm), 'NetworkPolicy', 'gan-train-dns').spec?.egress,
    );
    // Nobody is restarted but by what the new chart does otherwise.
    for (const component of ['coordinator', 'trainer'])
      expect(templateOf(objects, component)).toEqual(templateOf(await render(helm), component));
  });
});

describe('what can never change in a StatefulSet', () => {
  // A release that was installed with an earlier version is upgraded to these.
  it.each([
    ['coordinator', 'gan-train-coordinator'],
    ['trainer', 'gan-train-trainer'],
  ])('is for the %s what version 0.1.0 had', async (component, name) => {
    const { spec } = only<V1StatefulSet>(await render(helm4), 'StatefulSet', name);
    const { template, replicas, ...fixed } = spec ?? {};
    expect(template).toBeDefined();
    expect(replicas).toBe(component === 'coordinator' ? 1 : undefined);
    expect(fixed).toEqual({
      serviceName: name,
      podManagementPolicy: 'Parallel',
      selector: {
        matchLabels: {
          'app.kubernetes.io/name': 'gan-train',
          'app.kubernetes.io/instance': 'gan-train',
          'app.kubernetes.io/component': component,
        },
      },
    });
  });
});

describe('the status', () => {
  it('is left to the coordinator', async () => {
    const status = only<V1ConfigMap>(await render(helm4), 'ConfigMap', 'gan-train-status');
    expect(Object.keys(status).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
  });
});
