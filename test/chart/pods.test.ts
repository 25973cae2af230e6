import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { V1StatefulSet } from 'kubernetes-client';
import { helm4, helms, render, variants, type Rendering } from './helm.js';
import { containerOf, ofKind, only, podOf, podsOf } from './manifests.js';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gan-train-chart-'));
});
afterAll(async () => rm(scratch, { recursive: true }));

const optionOf = (args: readonly string[] = [], name: string): string | undefined =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined;

describe.each(variants)('the pods of %s', (variant) => {
  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
  it('satisfy Pod Security restricted', async () => {
    const pods = podsOf(await render(helm4, { variant }));
    expect(pods.map(({ name }) => name.replace(/^.*-/, ''))).toEqual(['coordinator', 'trainer', 'test']);
    for (const { spec } of pods) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.securityContext?.runAsUser).not.toBe(0);
      for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'ephemeralContainers'])
        expect(spec).not.toHaveProperty(key);
      const allowed = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'secret'];
      for (const { name, ...source } of spec.volumes ?? [])
        expect([name, ...Object.keys(source)]).toEqual([name, expect.toBeOneOf(allowed)]);
      for (const { securityContext, ports = [] } of [...spec.containers, ...(spec.initContainers ?? [])]) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        for (const port of ports) expect(port).not.toHaveProperty('hostPort');
      }
    }
  });

  it('say what they ask for and how much memory they may take', async () => {
    for (const { spec } of podsOf(await render(helm4, { variant }))) {
      for (const { resources } of [...spec.containers, ...(spec.initContainers ?? [])]) {
        expect(resources).toMatchObject({
          requests: { cpu: expect.any(String) as string, memory: expect.any(String) as string },
          limits: { memory: expect.any(String) as string },
        });
        expect(resources?.limits).not.toHaveProperty('cpu');
      }
    }
  });

  it('get a token where they need one, and no variables from Services', async () => {
    const objects = await render(helm4, { variant });
    for (const { name, spec } of podsOf(objects)) {
      expect(spec.automountServiceAccountToken).toBe(name.endsWith('-coordinator'));
      // GAN_TRAIN_COORDINATOR_PORT and the like.
      expect(spec.enableServiceLinks).toBe(false);
    }
    for (const account of ofKind<{ automountServiceAccountToken: boolean }>(objects, 'ServiceAccount'))
      expect(account.automountServiceAccountToken).toBe(false);
  });

  it('have time to end', async () => {
    const objects = await render(helm4, { variant });
    for (const { metadata, spec } of ofKind<V1StatefulSet>(objects, 'StatefulSet')) {
      const { args = [] } = containerOf(objects, metadata.name);
      const grace = optionOf(args, '--grace-seconds');
      const limit = spec?.template.spec?.terminationGracePeriodSeconds ?? 0;
      if (metadata.name.endsWith('-trainer')) expect(limit).toBe(Number(grace) + 10);
      else expect(limit).toBe(variant === 'everything' ? 90 : 60);
    }
  });
});

describe('the pods with default values', () => {
  it('fit into a small cluster', async () => {
    const objects = await render(helm4);
    expect(containerOf(objects, 'gan-train-trainer').resources).toEqual({
      requests: { cpu: '100m', memory: '512Mi' },
      limits: { memory: '2Gi' },
    });
    expect(containerOf(objects, 'gan-train-coordinator').resources).toEqual({
      requests: { cpu: '100m', memory: '256Mi' },
      limits: { memory: '1Gi' },
    });
  });

  it('are started with what the program takes', async () => {
    const objects = await render(helm4);
    expect(containerOf(objects, 'gan-train-coordinator').args).toEqual([
      'coordinator',
      ...['--config', '/etc/gan-train/config.yaml'],
      ...['--out', '/var/lib/gan-train/run'],
      ...['--grpc-port', '7070'],
      ...['--http-port', '8080'],
      '--stay',
      ...['--kubernetes-release', 'gan-train'],
      ...['--tls-dir', '/etc/gan-train/tls'],
    ]);
    expect(containerOf(objects, 'gan-train-trainer').args).toEqual([
      'trainer',
      ...['--coordinator', 'gan-train-coordinator:7070'],
      ...['--listen', '0.0.0.0:7071'],
      ...['--advertise', '$(POD_IP)'],
      ...['--http-port', '8080'],
      '--stay',
      ...['--connect-seconds', '86400'],
      ...['--grace-seconds', '50'],
      ...['--tls-dir', '/etc/gan-train/tls'],
    ]);
    expect(containerOf(objects, 'gan-train-test').args).toEqual([
      'wait',
      'gan-train-coordinator:7070',
      ...['--timeout-seconds', '240'],
      ...['--tls-dir', '/etc/gan-train/tls'],
    ]);
  });

  it('know themselves', async () => {
    const objects = await render(helm4);
    for (const name of ['gan-train-coordinator', 'gan-train-trainer'])
      expect(containerOf(objects, name).env).toEqual([
        { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        { name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
        { name: 'GAN_TRAIN_LOG_LEVEL', value: 'info' },
      ]);
  });

  it('are probed where they answer, and given long to start', async () => {
    const objects = await render(helm4);
    for (const [name, seconds] of [
      ['gan-train-coordinator', 3600],
      ['gan-train-trainer', 600],
    ] as const) {
      const { startupProbe, livenessProbe, readinessProbe } = containerOf(objects, name);
      expect(startupProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect((startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0)).toBe(seconds);
      expect(livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
      expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
    }
  });

  it('keep the run on a volume that Helm leaves', async () => {
    const objects = await render(helm4);
    const claim = only<{ spec: unknown }>(objects, 'PersistentVolumeClaim', 'gan-train-run');
    expect(claim.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(claim.spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '5Gi' } },
    });
    expect(podOf(objects, 'gan-train-coordinator').spec.volumes).toContainEqual({
      name: 'run',
      persistentVolumeClaim: { claimName: 'gan-train-run' },
    });
  });
});

describe('values', () => {
  it('choose images', async () => {
    const imageOf = async (component: string, set: Record<string, unknown>): Promise<unknown> =>
      containerOf(await render(helm4, { set }), `gan-train-${component}`).image;
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(await imageOf('trainer', {})).toBe('gan-train-trainer:0.1.0');
    expect(await imageOf('trainer', { 'image.registry': 'r.io/x', 'image.tag': 'a' })).toBe(
      'r.io/x/gan-train-trainer:a',
    );
    expect(await imageOf('trainer', { 'trainer.gpu.enabled': true })).toBe('gan-train-trainer:0.1.0-gpu');
    expect(await imageOf('trainer', { 'trainer.gpu.enabled': true, 'image.tag': 'a' })).toBe(
      'gan-train-trainer:a-gpu',
    );
    expect(await imageOf('trainer', { 'trainer.gpu.enabled': true, 'trainer.image.tag': 'b' })).toBe(
      'gan-train-trainer:b',
    );
    expect(await imageOf('coordinator', { 'coordinator.image.digest': digest, 'image.tag': 'a' })).toBe(
      `gan-train-coordinator@${digest}`,
    );
    expect(await imageOf('coordinator', { 'trainer.gpu.enabled': true })).toBe('gan-train-coordinator:0.1.0');
  });

  it('of trainers on GPUs end where there is none, unless they may compute on the CPU', async () => {
    const required = async (set: Record<string, unknown>): Promise<string | undefined> =>
      containerOf(await render(helm4, { set }), 'gan-train-trainer').env?.find(
        ({ name }) => name === 'GAN_TRAIN_GPU',
      )?.value;
    expect(await required({ 'trainer.gpu.enabled': true })).toBe('required');
    expect(await required({ 'trainer.gpu.enabled': true, 'trainer.gpu.required': false })).toBeUndefined();
    expect(await required({})).toBeUndefined();
  });

  it('ask for GPUs in limits only', async () => {
    const { resources } = containerOf(await render(helm4, { variant: 'gpu' }), 'gan-train-trainer');
    expect(resources?.limits).toEqual({ memory: '16Gi', 'nvidia.com/gpu': '1' });
    expect(resources?.requests).toEqual({ cpu: '2', memory: '8Gi' });
  });

  it('spread the pods that they are for', async () => {
    const { spec } = podOf(await render(helm4, { variant: 'gpu' }), 'gan-train-trainer');
    expect(spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector)).toEqual([
      {
        matchLabels: {
          'app.kubernetes.io/name': 'gan-train',
          'app.kubernetes.io/instance': 'gan-train',
          'app.kubernetes.io/component': 'trainer',
        },
      },
    ]);
    expect(spec).toMatchObject({ runtimeClassName: 'nvidia', priorityClassName: 'training' });
    const coordinator = podOf(await render(helm4, { variant: 'gpu' }), 'gan-train-coordinator').spec;
    for (const key of ['runtimeClassName', 'priorityClassName', 'topologySpreadConstraints', 'nodeSelector'])
      expect(coordinator).not.toHaveProperty(key);
  });

  it('spread pods as a labelSelector of theirs says, and no narrower', async () => {
    const labelSelector = { matchExpressions: [{ key: 'tier', operator: 'Exists' }] };
    for (const own of [labelSelector, {}]) {
      const constraint = {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: own,
      };
      const set = { 'trainer.topologySpreadConstraints': [constraint] };
      const { spec } = podOf(await render(helm4, { set }), 'gan-train-trainer');
      expect(spec.topologySpreadConstraints).toEqual([constraint]);
    }
  });

  it('win over the chart where both name a variable', async () => {
    const objects = await render(helm4, { variant: 'everything' });
    const { env = [] } = containerOf(objects, 'faces-coordinator');
    expect(env.slice(4)).toEqual([
      { name: 'GAN_TRAIN_LOG_LEVEL', value: 'trace' },
      { name: 'TZ', value: 'UTC' },
    ]);
    // Server-side apply refuses a name that is there twice.
    const names = ['POD_IP', 'POD_NAME', 'POD_NAMESPACE', 'POD_UID', 'GAN_TRAIN_LOG_LEVEL', 'GAN_TRAIN_GPU'];
    const extraEnv = names.map((name) => ({ name, value: 'mine' }));
    const set = {
      'trainer.gpu.enabled': true,
      'trainer.extraEnv': extraEnv,
      'coordinator.extraEnv': extraEnv,
    };
    for (const component of ['coordinator', 'trainer'])
      expect(containerOf(await render(helm4, { set }), `gan-train-${component}`).env).toEqual(extraEnv);
  });

  it('take variables from elsewhere', async () => {
    const objects = await render(helm4, { variant: 'everything' });
    expect(containerOf(objects, 'faces-coordinator').envFrom).toEqual([
      { secretRef: { name: 'proxy', optional: true } },
    ]);
    expect(containerOf(objects, 'faces-trainer').envFrom).toEqual([
      { prefix: 'SITE_', configMapRef: { name: 'site' } },
    ]);
  });

  it('choose schedulers', async () => {
    const objects = await render(helm4, { variant: 'everything' });
    expect(podOf(objects, 'faces-coordinator').spec.schedulerName).toBe('packer');
    expect(podOf(objects, 'faces-trainer').spec.schedulerName).toBe('gangs');
  });

  it('may leave out resources', async () => {
    const parts = ['coordinator', 'trainer', 'test'];
    const set = Object.fromEntries(parts.map((part) => [`${part}.resources`, null]));
    for (const helm of helms)
      for (const part of parts)
        expect(containerOf(await render(helm, { set }), `gan-train-${part}`).resources).toEqual({});
  });

  it('that are large numbers of a file are numbers in the pods', async () => {
    const file = join(scratch, 'values.yaml');
    const large = 1_000_000;
    await writeFile(
      file,
      JSON.stringify({
        test: { timeoutSeconds: large },
        coordinator: { terminationGracePeriodSeconds: large },
        trainer: { gpu: { enabled: true, count: large } },
      }),
    );
    for (const helm of helms) {
      const objects = await render(helm, { file });
      expect(optionOf(containerOf(objects, 'gan-train-test').args, '--timeout-seconds')).toBe('1000000');
      const { terminationGracePeriodSeconds } = podOf(objects, 'gan-train-coordinator').spec;
      expect(terminationGracePeriodSeconds).toBe(large);
      const { resources } = containerOf(objects, 'gan-train-trainer');
      expect(resources?.limits?.['nvidia.com/gpu']).toBe('1000000');
    }
  });

  it('leave the ids to the cluster where they are null', async () => {
    for (const { spec } of podsOf(await render(helm4, { variant: 'everything' })))
      expect(Object.keys(spec.securityContext ?? {}).sort()).toEqual([
        'fsGroupChangePolicy',
        'runAsNonRoot',
        'seccompProfile',
        'supplementalGroups',
      ]);
  });
});

describe('the data set', () => {
  const dataOf = async (variant: string): Promise<string | undefined> =>
    optionOf(containerOf(await render(helm4, { variant }), 'gan-train-coordinator').args, '--data');

  it('is the built-in one by default', async () => {
    expect(await dataOf('default')).toBeUndefined();
  });

  it('is a volume that the coordinator only reads', async () => {
    expect(await dataOf('dataset-pvc')).toBe('/data');
    const objects = await render(helm4, { variant: 'dataset-pvc' });
    expect(containerOf(objects, 'gan-train-coordinator').volumeMounts).toContainEqual({
      name: 'data',
      mountPath: '/data',
      subPath: '2024',
      readOnly: true,
    });
    expect(podOf(objects, 'gan-train-coordinator').spec.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'celeba', readOnly: true },
    });
    expect(JSON.stringify(podOf(objects, 'gan-train-trainer'))).not.toContain('celeba');
  });

  it('is a folder of the run that is waited for', async () => {
    expect(await dataOf('dataset-coordinator')).toBe('/var/lib/gan-train/data');
    const { spec } = podOf(await render(helm4, { variant: 'dataset-coordinator' }), 'gan-train-coordinator');
    expect(spec.initContainers?.map(({ name, command }) => [name, command?.at(-1)])).toEqual([
      ['await-data', '/var/lib/gan-train/data'],
    ]);
  });

  it('is brought by containers that run before it is waited for', async () => {
    const fetch = { name: 'fetch', image: 'fetch:1', volumeMounts: [{ name: 'run', mountPath: '/run' }] };
    const set = { 'coordinator.extraInitContainers': [fetch] };
    const initOf = async (rendering: Rendering): Promise<unknown[] | undefined> =>
      podOf(await render(helm4, rendering), 'gan-train-coordinator').spec.initContainers;
    expect(await initOf({ set })).toEqual([fetch]);
    expect(await initOf({ variant: 'dataset-coordinator', set })).toEqual([
      fetch,
      expect.objectContaining({ name: 'await-data' }),
    ]);
  });
});

describe('the run', () => {
  it('is on a claim of your own', async () => {
    const objects = await render(helm4, { set: { 'persistence.existingClaim': 'mine' } });
    expect(ofKind(objects, 'PersistentVolumeClaim')).toEqual([]);
    expect(podOf(objects, 'gan-train-coordinator').spec.volumes).toContainEqual({
      name: 'run',
      persistentVolumeClaim: { claimName: 'mine' },
    });
  });

  it('is lost with its pod where nothing is to be kept', async () => {
    const objects = await render(helm4, { variant: 'minimal' });
    expect(ofKind(objects, 'PersistentVolumeClaim')).toEqual([]);
    expect(podOf(objects, 'gan-train-coordinator').spec.volumes).toContainEqual({
      name: 'run',
      emptyDir: {},
    });
  });

  it('has a folder of its name', async () => {
    const objects = await render(helm4, { set: { runName: 'seed-2' } });
    const { args } = containerOf(objects, 'gan-train-coordinator');
    expect(optionOf(args, '--out')).toBe('/var/lib/gan-train/seed-2');
  });
});
