// Where and with what something was measured, in words.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';

/** Vector extensions that decide how fast a core multiplies. */
const extensions = { avx2: 'AVX2', avx512f: 'AVX-512', avx512_bf16: 'AVX-512 bf16', amx_tile: 'AMX' };

/** The processor, its cores and memory. */
export function describeMachine() {
  const info = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const flags = new Set(/^flags\s*:(.*)$/m.exec(info)?.[1].split(' '));
  const known = Object.keys(extensions).filter((flag) => flags.has(flag));
  const { model } = cpus()[0];
  return [
    `${cpus().length} cores (${model.trim()}${known.map((flag) => `, ${extensions[flag]}`).join('')})`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
  ].join(', ');
}

/** Versions of gan-train and its engine, then of what the peers reported. */
export function describeVersions(cells) {
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  const ort = createRequire(import.meta.resolve('@gan-train/tfjs-backend-onnx'))(
    'onnxruntime-node/package.json',
  );
  const runs = cells.flatMap((cell) => cell.rounds.flatMap((round) => Object.values(round)));
  const peers = Object.assign({}, ...runs.map((run) => run?.versions));
  return [
    `gan-train ${commit.trim()}`,
    `Node ${process.versions.node}`,
    `onnxruntime-node ${ort.version}`,
    ...Object.entries(peers).map(([name, version]) => `${name} ${version}`),
  ].join(', ');
}
