// Makes k8s/, the chart's defaults as plain manifests: `npm run generate:k8s`. With --check it fails where the committed files differ.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import { parseAllDocuments, stringify } from 'yaml';
import { helmTools } from './helm.mjs';
import { run } from './made-directory.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
const head = '# Made from helm/gan-train by `npm run generate:k8s`.\n';
/** What only Helm reads. */
const ofHelm = {
  labels: ['helm.sh/chart', 'app.kubernetes.io/managed-by'],
  annotations: ['helm.sh/resource-policy'],
};

/** Deleting what lies in gan-train.yaml leaves the run, which is on the volume. */
const fileOf = (document) =>
  document.get('kind') === 'PersistentVolumeClaim' ? 'volume.yaml' : 'gan-train.yaml';

function manifests() {
  const chart = join(root, 'helm/gan-train');
  const args = ['template', 'gan-train', chart, '--skip-tests', '--set', 'tls.mode=off'];
  const documents = parseAllDocuments(run('helm template', helmTools().helm4, args));
  const files = { 'gan-train.yaml': [], 'volume.yaml': [] };
  for (const document of documents) {
    if (document.errors.length > 0) throw document.errors[0];
    removeOfHelm(document.get('metadata'));
    files[fileOf(document)].push(document.contents);
  }
  return files;
}

function removeOfHelm(metadata) {
  for (const [part, names] of Object.entries(ofHelm)) {
    const map = metadata.get(part);
    for (const name of names) map?.delete(name);
    if (map?.items.length === 0) metadata.delete(part);
  }
}

function textOf(object) {
  object.commentBefore = object.commentBefore?.replace(/^ Source: .*\n?/, '');
  return stringify(object, { lineWidth: 0 });
}

const style = await prettier.resolveConfig(import.meta.filename);
mkdirSync(join(root, 'k8s'), { recursive: true });
for (const [name, objects] of Object.entries(manifests())) {
  const file = join(root, 'k8s', name);
  const text = await prettier.format(head + objects.map(textOf).join('---\n'), { ...style, parser: 'yaml' });
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`k8s/${name} is not up to date: run npm run generate:k8s`);
    process.exitCode = 1;
  }
}
