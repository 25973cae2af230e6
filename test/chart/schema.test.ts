import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { optionNames, options, resolveConfig } from '@gan-train/service';
import type { V1ConfigMap } from 'kubernetes-client';
import { chart, helm4, helms, refusal, render, valuesOf } from './helm.js';
import { only } from './manifests.js';

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
}

let schema: Schema & { definitions: Record<string, Schema> };
let values: Record<string, unknown>;
beforeAll(async () => {
  schema = JSON.parse(await readFile(join(chart, 'values.schema.json'), 'utf8')) as typeof schema;
  values = parse(await readFile(join(chart, 'values.yaml'), 'utf8')) as typeof values;
});

function resolved(part: Schema): Schema {
  if (part.$ref === undefined) return part;
  const found = schema.definitions[part.$ref.replace('#/definitions/', '')];
  if (found === undefined) throw new Error(`no ${part.$ref}`);
  return found;
}

/** Values that are refused: by where in them something is wrong. */
const wrong: [at: string, set: Record<string, unknown>][] = [
  ['replicas', { replicas: 3 }],
  ['trainer.replica', { 'trainer.replica': 3 }],
  ['trainer.replicas', { 'trainer.replicas': -1 }],
  ['trainer.gpu.count', { 'trainer.gpu.count': 0.5 }],
  ['trainer.gpu.enabled', { 'trainer.gpu.enabled': 'yes' }],
  ['trainer.graceSeconds', { 'trainer.graceSeconds': -1 }],
  ['trainer.podDisruptionBudget.maxUnavailable', { 'trainer.podDisruptionBudget.maxUnavailable': 'one' }],
  ['trainer.resources.limit', { 'trainer.resources.limit': {} }],
  ['trainer.nodeSelector.gpu', { 'trainer.nodeSelector': { gpu: true } }],
  ['trainer.extraEnv.0.name', { 'trainer.extraEnv': [{ value: 'x' }] }],
  ['coordinator.image.digest', { 'coordinator.image.digest': 'abc' }],
  ['coordinator.image.tag', { 'coordinator.image.tag': 'a b' }],
  // Its port 8080 has no TLS, and network policies shut the others out.
  ['coordinator.service.type', { 'coordinator.service.type': 'LoadBalancer' }],
  ['coordinator.terminationGracePeriodSeconds', { 'coordinator.terminationGracePeriodSeconds': 59 }],
  ['coordinator.extraInitContainers.0.name', { 'coordinator.extraInitContainers': [{ image: 'x' }] }],
  ['coordinator.extraEnvFrom.0.secret', { 'coordinator.extraEnvFrom': [{ secret: 'x' }] }],
  ['trainer.extraEnvFrom.0.secretRef.name', { 'trainer.extraEnvFrom': [{ secretRef: {} }] }],
  ['trainer.schedulerName', { 'trainer.schedulerName': 'My Scheduler' }],
  ['podSecurityContext.runAsUsr', { 'podSecurityContext.runAsUsr': 1000 }],
  ['podSecurityContext.runAsUser', { 'podSecurityContext.runAsUser': 0 }],
  ['podSecurityContext.runAsNonRoot', { 'podSecurityContext.runAsNonRoot': false }],
  ['podSecurityContext.seccompProfile', { 'podSecurityContext.seccompProfile': { type: 'Unconfined' } }],
  ['coordinator.replicas', { 'coordinator.replicas': 2 }],
  ['coordinator.tolerations', { 'coordinator.tolerations': {} }],
  ['image.pullPolicy', { 'image.pullPolicy': 'Sometimes' }],
  ['image.registry', { 'image.registry': 'https://r.io/' }],
  ['logLevel', { logLevel: 'verbose' }],
  ['fullnameOverride', { fullnameOverride: 'a-name-that-is-too-long-for-the-names-of-pods' }],
  ['nameOverride', { nameOverride: 'GAN' }],
  ['runName', { runName: '../other' }],
  ['dataset.type', { 'dataset.type': 'mnist' }],
  ['dataset.coordinator.folder', { 'dataset.coordinator.folder': '/data' }],
  ['persistence.size', { 'persistence.size': '5 GB' }],
  ['persistence.accessModes.0', { 'persistence.accessModes': ['ReadOnlyMany'] }],
  ['tls.mode', { 'tls.mode': 'on' }],
  ['tls.auto.certificateDays', { 'tls.auto.certificateDays': 0 }],
  ['tls.certManager.issuerRef.name', { 'tls.certManager.issuerRef': { kind: 'Issuer' } }],
  ['tls.certManager.duration', { 'tls.certManager.duration': '90d' }],
  ['networkPolicy.apiServer.cidrs.0', { 'networkPolicy.apiServer.cidrs': ['10.0.0.1'] }],
  ['networkPolicy.apiServer.ports.0', { 'networkPolicy.apiServer.ports': [0] }],
  ['networkPolicy.dns.ports', { 'networkPolicy.dns.ports': [] }],
  ['ingress.hosts.0.paths', { 'ingress.hosts': [{ host: 'x.org' }] }],
  ['monitoring.podMonitor.interval', { 'monitoring.podMonitor.interval': 'often' }],
  ['monitoring.podMonitor.relabelings.0', { 'monitoring.podMonitor.relabelings': ['drop'] }],
  ['test.timeoutSeconds', { 'test.timeoutSeconds': 0 }],
  ['config.stepz', { 'config.stepz': 5 }],
  ['config.steps', { 'config.steps': 0 }],
  ['config.shards', { 'config.shards': 3 }],
  ['config.preset', { 'config.preset': 'wgan' }],
  ['config.learningRateG', { 'config.learningRateG': 'fast' }],
  // The chart sets these itself.
  ['config.trainers', { 'config.trainers': 4 }],
  ['config.data', { 'config.data': '/data' }],
  ['config.grpcPort', { 'config.grpcPort': 7070 }],
  ['config.httpPort', { 'config.httpPort': 8080 }],
];

/** Other ways to be wrong in the same places. */
const wrongToo: typeof wrong = [
  ['tls.mode', { 'tls.mode': false }],
  ['trainer.replicas', { 'trainer.replicas': '3' }],
  ['trainer.gpu.count', { 'trainer.gpu.count': 0 }],
  ['image.pullPolicy', { 'image.pullPolicy': true }],
  ['config.steps', { 'config.steps': 1.5 }],
  ['runName', { runName: '' }],
  ['fullnameOverride', { fullnameOverride: '1-run' }],
  ['nameOverride', { nameOverride: 'gan-' }],
  ['coordinator.service.type', { 'coordinator.service.type': 'Headless' }],
];

/** Where a message says that something is wrong, by the lines of Helm 3's schema library, or of Helm 4's. */
function placesIn(message: string): string[] {
  return message.split('\n').flatMap((line) => {
    const three = /^- (\(root\)|[\w.-]+): (.*)$/.exec(line);
    const four = /^ *- at '([^']*)': (.*)$/.exec(line);
    const at = three?.[1]?.replace('(root)', '') ?? four?.[1]?.slice(1).replaceAll('/', '.');
    if (at === undefined) return [];
    const what = three?.[2] ?? four?.[2] ?? '';
    const below =
      /^Additional property (.+) is not allowed|^(.+) is required|^Has a dependency on (.+)$/
        .exec(what)
        ?.slice(1) ?? [];
    const quoted = /^(?:additional|missing) propert|^properties/.test(what)
      ? [...what.matchAll(/'([^']+)'/g)].map(([, name]) => name)
      : [];
    const names = [...below, ...quoted].filter((name) => name !== undefined);
    return names.length === 0
      ? [at]
      : names.map((name) => [at, name].filter((part) => part !== '').join('.'));
  });
}

describe.each(helms)('$name', (helm) => {
  it.each([
    ['wrong', wrong],
    ['wrong in another way', wrongToo],
  ])('says of every value that is %s where it is', async (_, all) => {
    const set = Object.assign({}, ...all.map(([, value]) => value)) as Record<string, unknown>;
    const places = placesIn(await refusal(helm, { set }));
    expect(all.map(([at]) => at).filter((at) => !places.includes(at))).toEqual([]);
  });

  it.each([
    [
      { 'tls.mode': 'secret', 'tls.secrets.trainer': 't' },
      ['tls.secrets.coordinator', 'tls.secrets.operator'],
    ],
    [{ 'tls.auto.renewBeforeDays': 365 }, ['tls.auto.renewBeforeDays must be less']],
    [{ 'tls.auto.caDays': 365 }, ['tls.auto.caDays must be greater than tls.auto.certificateDays']],
    [
      {
        'tls.mode': 'certManager',
        'tls.certManager.duration': '24h',
        'tls.certManager.renewBefore': '1440m',
      },
      ['tls.certManager.renewBefore must be less than tls.certManager.duration'],
    ],
    [{ 'persistence.enabled': false, 'persistence.existingClaim': 'mine' }, ['persistence.existingClaim']],
    [{ 'coordinator.serviceAccount.create': false }, ['coordinator.serviceAccount.name is empty']],
    [{ 'dataset.type': 'pvc' }, ['dataset.pvc.claimName']],
    [{ 'dataset.type': 'coordinator', 'persistence.enabled': false }, ['persistence.enabled']],
    [{ 'dataset.type': 'coordinator', runName: 'data' }, ['dataset.coordinator.folder and runName']],
    [{ 'config.minTrainers': 3 }, ['config.minTrainers is 3', 'trainer.replicas 2']],
    [{ 'config.steps': 5, 'config.epochs': 1 }, ['config.steps and config.epochs']],
    [{ 'ingress.enabled': true }, ['ingress.hosts']],
    [
      { 'monitoring.podMonitor.enabled': true, 'monitoring.serviceMonitor.enabled': true },
      ['monitoring.podMonitor and monitoring.serviceMonitor'],
    ],
    // All at once.
    [{ 'ingress.enabled': true, 'dataset.type': 'pvc' }, ['ingress.hosts', 'dataset.pvc.claimName']],
  ])('refuses what does not go together: %j', async (set, names) => {
    const message = await refusal(helm, { set });
    for (const name of names) expect(message).toContain(name);
  });

  it('takes certificates that are renewed at the last moment', async () => {
    const set = { 'tls.certManager.duration': '1h1s', 'tls.certManager.renewBefore': '60m' };
    await render(helm, { set: { ...set, 'tls.mode': 'certManager' } });
  });

  it('lets a run be paused, however many trainers it needs', async () => {
    await render(helm, { set: { 'trainer.replicas': 0, 'config.minTrainers': 3 } });
  });
});

/** What may be given and is nothing to give: a parent chart's values, and what an earlier version had. */
const valueless = ['.global', '.coordinator.service.type'];

describe('the schema', () => {
  it('knows every value and no others, on every level', () => {
    const compare = (part: Schema, value: unknown, path: string): void => {
      const { type, properties, additionalProperties } = resolved(part);
      if (properties === undefined) return;
      expect([path, type, additionalProperties]).toEqual([path, 'object', false]);
      // Options of the run have defaults elsewhere, and resources need none.
      if (['.config', '.podSecurityContext'].includes(path) || path.endsWith('.resources')) return;
      const known = Object.keys(properties).filter((name) => !valueless.includes(`${path}.${name}`));
      if (path === '.tls.certManager.issuerRef') expect(value).toEqual({});
      else expect([path, ...Object.keys(value as object).sort()]).toEqual([path, ...known.sort()]);
      for (const name of known)
        compare(properties[name] ?? {}, (value as Record<string, unknown>)[name], `${path}.${name}`);
    };
    compare(schema, values, '');
  });

  it('is closed where lists hold objects of ours', () => {
    const open: string[] = [];
    const visit = (part: Schema, path: string): void => {
      const { properties, additionalProperties, items } = part;
      if (properties !== undefined && additionalProperties !== false) open.push(path);
      for (const [name, below] of Object.entries(properties ?? {})) visit(below, `${path}.${name}`);
      if (items !== undefined) visit(items, `${path}[]`);
    };
    visit(schema, '');
    for (const [name, definition] of Object.entries(schema.definitions)) visit(definition, name);
    // Kubernetes' own: variables, volumes, mounts, references.
    expect(open).toEqual(['named[]']);
  });
});

describe("the schema of the run's options", () => {
  const set = ['data', 'trainers', 'grpcPort', 'httpPort'];
  const optionsOfChart = optionNames.filter((name) => !set.includes(name));

  it('has all of them but those that the chart sets', () => {
    const { properties = {} } = schema.properties?.config ?? {};
    expect(Object.keys(properties).sort()).toEqual([...optionsOfChart].sort());
  });

  it('takes what the program takes, and refuses what it refuses', () => {
    const edges = optionsOfChart.flatMap((name) => {
      const { minimum, maximum, enum: allowed = [] } = schema.properties?.config?.properties?.[name] ?? {};
      const numbers = [minimum, maximum]
        .filter((n) => n !== undefined)
        .flatMap((n) => [n - 1, n, n + 1, n + 0.5]);
      return [...numbers, ...allowed];
    });
    const plain = [
      '',
      'x',
      'agree',
      true,
      false,
      null,
      -1,
      0,
      0.5,
      1,
      2,
      3,
      4,
      5,
      6,
      48,
      1000,
      1e10,
      1e-13,
      [],
      {},
    ];
    const tried = [...new Set([...edges, ...plain])];
    for (const name of optionsOfChart) {
      const taken = tried.filter((value) =>
        takes(schema.properties?.config?.properties?.[name] ?? {}, value),
      );
      const takenByProgram = tried.filter((value) => options[name].schema.safeParse(value).success);
      expect([name, ...taken]).toEqual([name, ...takenByProgram]);
      expect(taken.length).toBeLessThan(tried.length);
    }
  });
});

/** JSON schema, as much of it as options need. */
function takes({ type, enum: allowed, minimum, maximum, minLength = 0 }: Schema, value: unknown): boolean {
  if (allowed !== undefined) return allowed.includes(value);
  if (type === 'string') return typeof value === 'string' && value.length >= minLength;
  if (type === 'boolean') return typeof value === 'boolean';
  if (typeof value !== 'number' || (type === 'integer' && !Number.isSafeInteger(value))) return false;
  return value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity);
}

describe('the config file', () => {
  const configOf = async (rendering: Parameters<typeof render>[1], name = 'gan-train') => {
    const map = only<V1ConfigMap>(await render(helm4, rendering), 'ConfigMap', name);
    return parse(map.data?.['config.yaml'] ?? '') as Record<string, unknown>;
  };

  it('leaves the job to the program by default', async () => {
    const config = await configOf({});
    expect(config).toEqual({ joinSeconds: 86_400, reconnectSeconds: 3600 });
    // The main job, for a laptop.
    expect(resolveConfig(config)).toMatchObject({
      preset: 'dcgan',
      data: 'mnist',
      steps: 1200,
      learningRateG: 4e-4,
      learningRateD: 2e-4,
    });
  });

  it('is what the values say, to the last digit', async () => {
    const { config } = parse(await readFile(valuesOf('everything'), 'utf8')) as {
      config: Record<string, unknown>;
    };
    expect(await configOf({ variant: 'everything' }, 'faces')).toEqual(config);
    expect(Object.keys({ ...config, steps: 0 }).sort()).toEqual(
      Object.keys(schema.properties?.config?.properties ?? {}).sort(),
    );
    expect(resolveConfig({ ...config, trainers: 4 }).seed).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('may say nothing', async () => {
    const config = await configOf({ set: { 'config.joinSeconds': null, 'config.reconnectSeconds': null } });
    expect(config).toEqual({});
  });
});
