// Makes the files that are generated from others and committed: `npm run generate`.
// With --check it writes to a temporary folder and fails where the committed files differ.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillChartReadme, fillChartSchema } from './generate-chart.mjs';
import { cell, fillMarked } from './marked.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** TypeScript types of the gRPC contract; the same options as libs/rpc/src/contract.ts has at run time. */
function generateProtoTypes(outDir) {
  const bin = join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js');
  const protos = ['common', 'peer', 'coordinator'].map((name) => `gan_train/v1/${name}.proto`);
  execFileSync(
    process.execPath,
    [
      bin,
      '--longs=Number',
      '--enums=String',
      '--defaults',
      '--oneofs',
      '--grpcLib=@grpc/grpc-js',
      '--importFileExtension=.js',
      '--includeDirs=.',
      `--outDir=${outDir}`,
      ...protos,
    ],
    // From within proto/, so that no absolute path gets into the comments.
    { cwd: join(root, 'proto'), stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

/** A kernel in AssemblyScript as a module that holds WebAssembly, so that it needs no file beside it at run time. */
function generateWasm(source, outDir) {
  const name = basename(source, '.ts');
  const wasm = join(outDir, `${name}.wasm`);
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules/assemblyscript/bin/asc.js'),
      basename(source),
      '--optimizeLevel=3',
      '--enable=simd',
      '--runtime=stub',
      '--noAssert',
      '--importMemory',
      `--outFile=${wasm}`,
    ],
    { cwd: join(root, dirname(source)), stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const base64 = readFileSync(wasm).toString('base64');
  rmSync(wasm);
  writeFileSync(
    join(outDir, `${name}-wasm.ts`),
    `/** ${source}, compiled: made by \`npm run generate\`. */
const base64 =
  '${base64}';

let compiled: WebAssembly.Module | undefined;

/** What it exports, with this memory as its own. */
export function instantiate${name[0].toUpperCase()}${name.slice(1)}(memory: WebAssembly.Memory): object {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports;
}
`,
  );
}

/** README's table of options, from the schema that the command and the config file are checked with. */
async function optionTable() {
  const { flagFromOption, optionNames, options } = await import('@gan-train/service');
  const row = (name) => {
    const { placeholder, description, defaultText, kind } = options[name];
    const flag = `--${flagFromOption(name)} ${placeholder}`;
    return `| \`${cell(flag)}\` | \`${name}\` | ${cell(description)} | ${cell(defaultText)} | ${kind} |`;
  };
  return [
    '| flag | in the file | what | default | kind |',
    '|---|---|---|---|---|',
    ...optionNames.map(row),
  ].join('\n');
}

/** Files with a part that follows from others: what each is to be, from what it is. */
const filledFiles = {
  'README.md': async (text) => fillMarked(text, 'options', await optionTable()),
  'helm/gan-train/README.md': (text) =>
    fillChartReadme(text, readFileSync(join(root, 'helm/gan-train/values.yaml'), 'utf8')),
  'helm/gan-train/values.schema.json': fillChartSchema,
};

for (const [name, fill] of Object.entries(filledFiles)) {
  const file = join(root, name);
  const text = readFileSync(file, 'utf8');
  const filled = await fill(text);
  if (!check) writeFileSync(file, filled);
  else if (filled !== text) {
    console.error(`${name} is not up to date: run npm run generate`);
    process.exitCode = 1;
  }
}

/** A dashboard is kept twice: where a person finds it, and where the chart can read it. */
const dashboardFolders = ['grafana', 'helm/gan-train/dashboards'];

async function keepDashboards() {
  const { dashboards } = await import('../grafana/dist/index.js');
  const prettier = await import('prettier');
  for (const [name, dashboard] of Object.entries(dashboards())) {
    const style = await prettier.resolveConfig(join(root, name));
    const text = await prettier.format(JSON.stringify(dashboard), { ...style, parser: 'json' });
    for (const folder of dashboardFolders) {
      const file = join(root, folder, name);
      if (!check) writeFileSync(file, text);
      else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
        console.error(`${folder}/${name} is not up to date: run npm run generate`);
        process.exitCode = 1;
      }
    }
  }
}

await keepDashboards();

const generated = [
  { folder: 'libs/rpc/src/gen', generate: generateProtoTypes },
  { folder: 'libs/gan/src/gen', generate: (outDir) => generateWasm('libs/gan/assembly/update.ts', outDir) },
  {
    folder: 'libs/collective/src/gen',
    generate: (outDir) => generateWasm('libs/collective/assembly/add.ts', outDir),
  },
];

for (const { folder, generate } of generated) {
  const committed = join(root, folder);
  const scratch = mkdtempSync(join(tmpdir(), 'gan-train-generate-'));
  try {
    generate(scratch);
    if (!check) {
      rmSync(committed, { recursive: true, force: true });
      cpSync(scratch, committed, { recursive: true });
      continue;
    }
    const [want, have] = [filesBelow(scratch), filesBelow(committed)];
    const stale = [...new Set([...want, ...have])].filter(
      (name) =>
        !want.includes(name) ||
        !have.includes(name) ||
        !readFileSync(join(scratch, name)).equals(readFileSync(join(committed, name))),
    );
    if (stale.length > 0) {
      console.error(`${folder} is not up to date (${stale.slice(0, 3).join(', ')}): run npm run generate`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
