import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { options } from '@gan-train/service';
import { helms, install, render, variants, type Helm, type Rendering } from './helm.js';
import { startFakeApi } from './fake-api.js';
import { ofKind } from './manifests.js';

let scratch: string;
let api: { close(): void };
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gan-train-chart-'));
  api = await startFakeApi(join(scratch, 'kubeconfig'));
});
afterAll(async () => {
  api.close();
  await rm(scratch, { recursive: true });
});

const notesOf = async (helm: Helm, rendering: Rendering): Promise<string> =>
  (await install(helm, join(scratch, 'kubeconfig'), rendering)).notes;

describe.each(helms)('the notes of $name', (helm) => {
  it.each(variants)('name the objects of %s, and no key', async (variant) => {
    const notes = await notesOf(helm, { variant });
    const objects = await render(helm, { variant });
    for (const { metadata } of ofKind(objects, 'StatefulSet')) expect(notes).toContain(metadata.name);
    for (const name of notes.match(/(?<=configmap |statefulset |claim )[\w-]+/g) ?? [])
      expect(objects.map(({ metadata }) => metadata.name)).toContain(name);
    expect(notes).not.toMatch(/BEGIN|LS0tLS1/);
    expect(notes).not.toMatch(/<no value>|%!|\n\n\n/);
  });

  it('give the next commands', async () => {
    const notes = await notesOf(helm, { release: 'faces' });
    for (const command of [
      'helm test faces --namespace default',
      'kubectl --namespace default get configmap faces-gan-train-status --output yaml',
      'gan-train status k8s:default/faces',
      'kubectl --namespace default scale statefulset faces-gan-train-trainer --replicas=4',
      'kubectl --namespace default cp faces-gan-train-coordinator-0:/var/lib/gan-train/run ./run',
    ])
      expect(notes).toContain(`\n  ${command}\n`);
    expect(notes).toContain('a coordinator, and 2 trainers.');
    expect(notes).not.toContain('WARNING');
  });

  it('warn of what is lost, open or refused', async () => {
    expect(await notesOf(helm, { variant: 'minimal' })).toContain('WARNING: persistence.enabled is false');
    expect(await notesOf(helm, { variant: 'tls-off' })).toContain('WARNING: tls.mode is off');
    expect(await notesOf(helm, { variant: 'gpu' })).not.toContain('WARNING');
    const exact = await notesOf(helm, { set: { 'trainer.gpu.enabled': true, 'trainer.replicas': 1 } });
    expect(exact).toContain('1 trainer with 1 GPU each');
    expect(exact).toContain('WARNING: trainers on GPUs rarely compute equal bits');
    const minimal = await notesOf(helm, { variant: 'minimal' });
    expect(minimal).toContain('WARNING: rbac.create is false: unless the account leader has these rights');
  });

  it('warn of trainers that can only stand by', async () => {
    expect(options.shards.defaultText).toBe('4');
    const warning = 'WARNING: config.shards is';
    const notes = async (set: Record<string, unknown>): Promise<string> => notesOf(helm, { set });
    expect(await notes({ 'trainer.replicas': 4 })).not.toContain(warning);
    expect(await notes({ 'trainer.replicas': 6 })).toContain(
      `${warning} 4, and no more trainers than that share the work: the other 2 stand by.`,
    );
    expect(await notes({ 'trainer.replicas': 8, 'config.shards': 8 })).not.toContain(warning);
  });

  it('say that trainers on other CPUs are refused, where nothing keeps them on one kind', async () => {
    const refused = 'Trainers on another kind of CPU';
    expect(await notesOf(helm, {})).toContain(refused);
    expect(await notesOf(helm, { set: { 'config.numerics': 'agree' } })).not.toContain(refused);
    expect(await notesOf(helm, { set: { 'trainer.nodeSelector': { pool: 'a' } } })).not.toContain(refused);
  });

  it('say who must be let in to the HTTP ports', async () => {
    const reach = (namespaces: string, who: string): string =>
      `networkPolicy.httpNamespaces (${namespaces}) reach the HTTP ports: ${who} must be among them.`;
    expect(await notesOf(helm, {})).not.toContain('httpNamespaces');
    expect(await notesOf(helm, { variant: 'monitoring' })).toContain(reach('monitoring', "Prometheus'"));
    const both = await notesOf(helm, { variant: 'everything' });
    expect(both).toContain(reach('observability', "Prometheus' and the ingress controller's"));
    const nobody = { 'networkPolicy.httpNamespaces': [] };
    expect(await notesOf(helm, { variant: 'ingress', set: nobody })).toContain(
      reach('none', "the ingress controller's"),
    );
    const open = { 'networkPolicy.enabled': false };
    expect(await notesOf(helm, { variant: 'ingress', set: open })).not.toContain('httpNamespaces');
  });

  it('name no number of trainers where the values have none', async () => {
    const notes = await notesOf(helm, { set: { 'trainer.replicas': null } });
    expect(notes).toContain('a coordinator, and trainers.');
    expect(await notesOf(helm, { set: { 'trainer.replicas': 0 } })).toContain('and 0 trainers.');
  });

  it('say how images get to the coordinator', async () => {
    const notes = await notesOf(helm, { variant: 'dataset-coordinator' });
    expect(notes).toContain('touch /var/lib/gan-train/data/.complete');
  });
});
