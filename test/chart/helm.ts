import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from './manifests.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const chart = join(root, 'helm/gan-train');

export interface Helm {
  name: string;
  file: string;
}

function required(variable: string): string {
  const file = process.env[variable];
  if (file === undefined) throw new Error(`${variable} is not set: run npm run test:chart`);
  return file;
}

export const helms: readonly Helm[] = [
  { name: 'Helm 3', file: required('HELM3') },
  { name: 'Helm 4', file: required('HELM4') },
];
export const [helm3, helm4] = helms as [Helm, Helm];

/** The values files of helm/gan-train/ci, by their names without `-values.yaml`. */
export const variants = readdirSync(join(chart, 'ci')).map((name) => basename(name, '-values.yaml'));

export const valuesOf = (variant: string): string => join(chart, 'ci', `${variant}-values.yaml`);

export interface HelmResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs helm with nothing of whoever runs the tests: no cluster but that of `kubeconfig`, no settings, no plugins. */
export async function run(
  helm: Helm,
  args: readonly string[],
  kubeconfig = '/nonexistent',
): Promise<HelmResult> {
  const home = join(tmpdir(), 'gan-train-helm-home');
  const env = { PATH: process.env.PATH, HOME: home, KUBECONFIG: kubeconfig };
  return new Promise((resolve, reject) => {
    execFile(helm.file, args, { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(new Error(stderr, { cause: error }));
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

export interface Rendering {
  variant?: string;
  /** One more file with values. */
  file?: string;
  /** As --set-json takes them: path to value. */
  set?: Record<string, unknown>;
  release?: string;
  chart?: string;
}

function argumentsOf({
  variant,
  file,
  set = {},
  release = 'gan-train',
  chart: from = chart,
}: Rendering): string[] {
  const files = [variant === undefined ? undefined : valuesOf(variant), file];
  return [
    release,
    from,
    ...files.flatMap((each) => (each === undefined ? [] : ['--values', each])),
    ...Object.entries(set).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]),
  ];
}

const rendered = new Map<string, Promise<Manifest[]>>();

/**
 * The objects that an installation would make, with those of `helm test`. The same are rendered once, and must not be changed. Throws where a
 * map has a key twice.
 */
export async function render(helm: Helm, rendering: Rendering = {}): Promise<readonly Manifest[]> {
  const args = ['template', ...argumentsOf(rendering)];
  const key = [helm.file, ...args].join(' ');
  const objects = rendered.get(key) ?? renderAnew(helm, args);
  rendered.set(key, objects);
  return objects;
}

async function renderAnew(helm: Helm, args: readonly string[]): Promise<Manifest[]> {
  const { exitCode, stdout, stderr } = await run(helm, args);
  if (exitCode !== 0) throw new Error(stderr);
  return manifestsFromYaml(stdout);
}

/** Why these values are refused. */
export async function refusal(helm: Helm, rendering: Rendering): Promise<string> {
  const { exitCode, stderr } = await run(helm, ['template', ...argumentsOf(rendering)]);
  if (exitCode === 0) throw new Error(`${helm.name} takes ${JSON.stringify(rendering)}`);
  return stderr;
}

/** What `helm install` says and would make in the cluster of a kubeconfig. */
export async function install(
  helm: Helm,
  kubeconfig: string,
  rendering: Rendering = {},
): Promise<{ objects: Manifest[]; notes: string }> {
  const dry = ['--dry-run=server', '--disable-openapi-validation'];
  const { exitCode, stdout, stderr } = await run(
    helm,
    ['install', ...argumentsOf(rendering), ...dry],
    kubeconfig,
  );
  if (exitCode !== 0) throw new Error(stderr);
  const [, manifest = '', notes = ''] = /\nMANIFEST:\n([^]*?)\nNOTES:\n([^]*)$/.exec(stdout) ?? [];
  return { objects: manifestsFromYaml(manifest), notes };
}

export function manifestsFromYaml(text: string): Manifest[] {
  const documents = parseAllDocuments(text);
  if ('empty' in documents) return [];
  return documents
    .map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS() as Manifest | null;
    })
    .filter((object) => object !== null);
}
