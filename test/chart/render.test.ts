import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { V1PodDisruptionBudget, V1Service, V1StatefulSet } from 'kubernetes-client';
import { chart, helm4, helms, refusal, render, root, run, valuesOf, variants } from './helm.js';
import { ofKind, only, podOf, podsOf, selects } from './manifests.js';
import { unknownFields } from './unknown-fields.js';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gan-train-chart-'));
});
afterAll(async () => rm(scratch, { recursive: true }));

describe.each(helms)('$name', (helm) => {
  it.each(variants)('finds nothing wrong with %s', async (variant) => {
    const { exitCode, stdout } = await run(helm, ['lint', '--strict', chart, '--values', valuesOf(variant)]);
    expect(stdout).not.toMatch(/\[(WARNING|ERROR)\]/);
    expect(exitCode).toBe(0);
  });

  it.each(variants)('makes objects of %s that Kubernetes knows', async (variant) => {
    const objects = await render(helm, { variant });
    expect(objects.flatMap(unknownFields)).toEqual([]);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { metadata } of objects) {
      // Left to whoever installs it.
      expect(metadata.namespace).toBeUndefined();
      expect(metadata.name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'gan-train',
        'app.kubernetes.io/instance': 'gan-train',
        'app.kubernetes.io/part-of': 'gan-train',
      });
    }
  });

  it('packs the chart with all that it needs, and without what it does not', async () => {
    const { exitCode } = await run(helm, ['package', chart, '--destination', scratch]);
    expect(exitCode).toBe(0);
    const { version } = parse(await readFile(join(chart, 'Chart.yaml'), 'utf8')) as { version: string };
    const archive = join(scratch, `gan-train-${version}.tgz`);
    const listed = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' });
    const files = listed.trim().split('\n');
    for (const name of ['Chart.yaml', 'README.md', 'values.yaml', 'values.schema.json'])
      expect(files).toContain(`gan-train/${name}`);
    const extra = [...(await folder('dashboards')), ...(await folder('rules'))];
    expect(files).toEqual(expect.arrayContaining(extra.map((name) => `gan-train/${name}`)));
    expect(files.filter((name) => name.includes('/ci/'))).toEqual([]);
  });
});

async function folder(name: string): Promise<string[]> {
  return (await readdir(join(chart, name)).catch(() => [])).map((file) => `${name}/${file}`);
}

describe.each(variants)('the objects of %s', (variant) => {
  it('are the same with both', async () => {
    const [three, four] = await Promise.all(helms.map(async (helm) => render(helm, { variant })));
    const comparable = (objects = three): unknown => objects?.filter(({ kind }) => kind !== 'Secret');
    expect(comparable(three)).toEqual(comparable(four));
  });

  it('select pods that there are', async () => {
    const objects = await render(helm4, { variant });
    const pods = podsOf(objects);
    const chosen = (selector: object): string[] =>
      pods.filter(({ metadata }) => selects(selector, metadata.labels ?? {})).map(({ name }) => name);
    for (const { metadata, spec } of ofKind<V1StatefulSet>(objects, 'StatefulSet'))
      expect(chosen(spec?.selector ?? {})).toEqual([metadata.name]);
    for (const { metadata, spec } of ofKind<V1Service>(objects, 'Service'))
      expect(chosen({ matchLabels: spec?.selector })).toEqual([metadata.name]);
    for (const { metadata, spec } of ofKind<V1PodDisruptionBudget>(objects, 'PodDisruptionBudget'))
      expect(chosen(spec?.selector ?? {})).toEqual([metadata.name]);
  });

  it('refer to ports, volumes and accounts that there are', async () => {
    const objects = await render(helm4, { variant });
    const accounts = ofKind(objects, 'ServiceAccount').map(({ metadata }) => metadata.name);
    const elsewhere = ['faces-worker', 'leader', 'default'];
    for (const { spec } of podsOf(objects)) {
      const volumes = spec.volumes?.map(({ name }) => name) ?? [];
      const containers = [...spec.containers, ...(spec.initContainers ?? [])];
      const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
      expect([...new Set(mounted)].sort()).toEqual([...volumes].sort());
      if (spec.serviceAccountName !== undefined)
        expect([...accounts, ...elsewhere]).toContain(spec.serviceAccountName);
      for (const { env = [] } of containers) {
        const names = env.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
      }
    }
    const ports = podsOf(objects).flatMap(({ spec }) => spec.containers.flatMap((each) => each.ports ?? []));
    for (const { spec } of ofKind<V1Service>(objects, 'Service'))
      for (const { port, targetPort } of spec?.ports ?? [])
        expect(ports).toContainEqual({ name: targetPort, containerPort: port });
  });
});

describe('names', () => {
  it.each([
    ['gan-train', {}, 'gan-train'],
    ['faces', {}, 'faces-gan-train'],
    ['faces', { nameOverride: 'gan' }, 'faces-gan'],
    ['faces', { fullnameOverride: 'x' }, 'x'],
    // Words of YAML, and what it takes for a number.
    ['faces', { fullnameOverride: 'on' }, 'on'],
    ['123', { fullnameOverride: 'x' }, 'x'],
    // A Service's name has no dots.
    ['v1.2', {}, 'v1-2-gan-train'],
    // Names of pods and of revisions are labels, which are short.
    [
      'a-release-with-the-longest-name-that-helm-ever-accepts',
      {},
      'a-release-with-the-longest-name-that-hel',
    ],
  ])('of the release %s with %j begin with %s', async (release, set, fullname) => {
    const objects = await render(helm4, { release: release.slice(0, 53), set });
    expect(ofKind(objects, 'StatefulSet').map(({ metadata }) => metadata.name)).toEqual([
      `${fullname}-coordinator`,
      `${fullname}-trainer`,
    ]);
    for (const { metadata } of ofKind(objects, 'StatefulSet')) {
      expect(metadata.name.length).toBeLessThan(53);
      // The command finds a release by these.
      expect(metadata.labels['app.kubernetes.io/name']).toBe('gan-train');
      expect(metadata.labels['app.kubernetes.io/instance']).toBe(release.slice(0, 53));
    }
  });
});

it.each(helms)('$name says which name no Service could have', async (helm) => {
  expect(await refusal(helm, { release: '123' })).toContain('123-gan-train, but those of Services begin');
});

describe('labels and annotations of yours', () => {
  const given = {
    team: 'vision',
    'app.kubernetes.io/part-of': 'platform',
    'app.kubernetes.io/version': '2',
    'app.kubernetes.io/managed-by': 'us',
    'helm.sh/chart': 'ours',
    'kubectl.kubernetes.io/default-container': 'mine',
    'checksum/config': '1',
    'gan-train/operator-secret': 'mine',
    'helm.sh/resource-policy': 'mine',
  };
  const ofSelectors = ['name', 'instance', 'component'].map((name) => `app.kubernetes.io/${name}`);
  const labels = { ...given, ...Object.fromEntries(ofSelectors.map((name) => [name, 'mine'])) };
  const places = [
    ...['commonLabels', 'coordinator.podLabels', 'trainer.podLabels', 'persistence.annotations'],
    ...['coordinator.podAnnotations', 'trainer.podAnnotations'],
    ...['podMonitor.additionalLabels', 'prometheusRule.additionalLabels', 'dashboards.labels'].map(
      (name) => `monitoring.${name}`,
    ),
  ];
  const set = Object.fromEntries(
    places.map((place) => [place, place.endsWith('nnotations') ? given : labels]),
  );

  it.each(helms)('win with $name, are there once, and never change a selector', async (helm) => {
    // Throws where a key is there twice.
    const objects = await render(helm, { variant: 'monitoring', set });
    const plain = await render(helm, { variant: 'monitoring' });
    for (const [i, { kind, metadata }] of objects.entries()) {
      expect([kind, metadata.labels]).toEqual([kind, expect.objectContaining(given)]);
      const own = Object.entries(plain[i]?.metadata.labels ?? {});
      expect(metadata.labels).toMatchObject(
        Object.fromEntries(own.filter(([name]) => ofSelectors.includes(name))),
      );
    }
    const pods = podsOf(objects);
    for (const { metadata, spec } of ofKind<V1StatefulSet>(objects, 'StatefulSet')) {
      const chosen = pods.filter((pod) => selects(spec?.selector ?? {}, pod.metadata.labels ?? {}));
      expect(chosen.map(({ name }) => name)).toEqual([metadata.name]);
      expect(chosen[0]?.metadata.labels).toMatchObject(given);
      expect(chosen[0]?.metadata.annotations).toEqual(given);
    }
    expect(only(objects, 'PersistentVolumeClaim', 'gan-train-run').metadata.annotations).toEqual(given);
  });

  it("win over those of all objects where they are one object's own", async () => {
    const { metadata } = podOf(
      await render(helm4, { set: { 'commonLabels.team': 'a', 'trainer.podLabels.team': 'b' } }),
      'gan-train-trainer',
    );
    expect(metadata.labels?.team).toBe('b');
  });
});

describe('the chart', () => {
  it('installs the version of the program', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    const about = await readFile(join(chart, 'Chart.yaml'), 'utf8');
    expect(about).toContain(`\nappVersion: ${version}\n`);
  });

  it('can be a part of another chart', async () => {
    const parent = join(scratch, 'parent');
    await cp(chart, join(parent, 'charts/gan-train'), { recursive: true });
    await cp(join(import.meta.dirname, 'parent-chart'), parent, { recursive: true });
    for (const helm of helms) {
      const objects = await render(helm, { chart: parent, release: 'all' });
      expect(ofKind(objects, 'StatefulSet').map(({ metadata }) => metadata.name)).toEqual([
        'all-gan-train-coordinator',
        'all-gan-train-trainer',
      ]);
    }
  });
});
