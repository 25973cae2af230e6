// Makes the files that are generated from others and committed: `npm run generate`.
// With --check it writes to a temporary folder and fails where the committed files differ.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
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

const generated = [{ folder: 'libs/rpc/src/gen', generate: generateProtoTypes }];

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
