import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { V1StatefulSet } from 'kubernetes-client';
import { chart, helm4, helms, manifestsFromYaml, render, root, run } from './helm.js';
import { containerOf, ofKind, only, podOf, type Manifest } from './manifests.js';
import { unknownFields } from './unknown-fields.js';

const folder = join(root, 'k8s');
let objects: Manifest[];
let rest: Manifest[];
beforeAll(async () => {
  rest = manifestsFromYaml(await readFile(join(folder, 'gan-train.yaml'), 'utf8'));
  objects = [...rest, ...manifestsFromYaml(await readFile(join(folder, 'volume.yaml'), 'utf8'))];
});

describe('k8s/', () => {
  it('is what the chart makes of it', () => {
    // Fails and says so where it is not.
    execFileSync(process.execPath, [join(root, 'scripts/generate-k8s.mjs'), '--check'], { stdio: 'pipe' });
  });

  it('holds manifests that kubectl applies, and nothing else', async () => {
    expect((await readdir(folder)).sort()).toEqual(['README.md', 'gan-train.yaml', 'volume.yaml']);
    expect(objects.flatMap(unknownFields)).toEqual([]);
  });

  it('has all objects of the chart that need no Helm and hold no key', async () => {
    const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;
    const ofChart = await render(helm4, { set: { 'tls.mode': 'off' } });
    expect(objects.map(nameOf).sort()).toEqual(
      ofChart
        .filter(({ kind }) => kind !== 'Pod')
        .map(nameOf)
        .sort(),
    );
    expect(ofKind(objects, 'Secret')).toEqual([]);
    expect(containerOf(objects, 'gan-train-trainer').args?.join(' ')).not.toContain('tls');
  });

  it('fits any namespace, and leaves replicas to who scales', () => {
    for (const { metadata } of objects) expect(metadata).not.toHaveProperty('namespace');
    expect(JSON.stringify(objects)).not.toMatch(/helm/i);
    const trainers = only<V1StatefulSet>(objects, 'StatefulSet', 'gan-train-trainer');
    expect(trainers.spec).not.toHaveProperty('replicas');
    expect(trainers.metadata.annotations).toEqual({ 'gan-train/replicas': '2' });
  });

  it.each(helms)('and what its README has $name make of the chart have the same run', async (helm) => {
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    const [, command = ''] = /^helm (template .*) > gan-train\.yaml$/m.exec(readme) ?? [];
    const args = command.replace('helm/gan-train', chart).split(' ');
    for (const more of [[], ['--set', 'tls.mode=certManager']]) {
      const { stdout, exitCode } = await run(helm, [...args, ...more]);
      expect(exitCode).toBe(0);
      const rendered = manifestsFromYaml(stdout);
      // Else deleting it would delete the run.
      expect(ofKind(rendered, 'PersistentVolumeClaim')).toEqual([]);
      const [claim] = ofKind(objects, 'PersistentVolumeClaim');
      const { spec } = podOf(rendered, 'gan-train-coordinator');
      expect(spec.volumes).toContainEqual({
        name: 'run',
        persistentVolumeClaim: { claimName: claim?.metadata.name },
      });
    }
  });

  it('keeps the volume of the run apart, so that the rest can be deleted alone', () => {
    expect(ofKind(rest, 'PersistentVolumeClaim')).toEqual([]);
    expect(ofKind(objects, 'PersistentVolumeClaim')).toHaveLength(1);
  });
});
