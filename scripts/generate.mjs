// Makes the files that are generated from others and committed: `npm run generate`.
// With --check it writes to a temporary folder and fails where the committed files differ.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  const cell = (text) => text.replaceAll('|', '\\|');
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

/** Puts `text` between the markers of a document. */
function fillMarked(document, name, text) {
  const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- ${name}: end -->`];
  const [before, rest = ''] = document.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) throw new Error(`README.md has no ${begin} ... ${end}`);
  return `${before}${begin}\n${text}\n${end}${after}`;
}

const readmeFile = join(root, 'README.md');
const readme = readFileSync(readmeFile, 'utf8');
const filled = fillMarked(readme, 'options', await optionTable());
if (!check) writeFileSync(readmeFile, filled);
else if (filled !== readme) {
  console.error("README.md's option table is not up to date: run npm run generate");
  process.exitCode = 1;
}

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
