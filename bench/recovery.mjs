/**
 * What it costs the others when a trainer dies, stands still, or joins: `node bench/recovery.mjs [rounds] [name]`, after `npm run build`. With a name, the
 * page goes to bench/results. Each round is a run of its own with default settings; times are those of the log of a trainer that nothing happens to.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { median, startLocalCluster, stepsFromLog } from '@gan-train/cli';
import { describeMachine, describeVersions } from './peers/machine.mjs';

process.env.GAN_TRAIN_LOG_LEVEL = 'debug';
const [rounds = '5', name] = process.argv.slice(2);
const timeoutMs = 120_000;
/** Steps before anything happens. */
const before = 20;

const mnist = {};
/** Weights and both moments of 8 million parameters are 100 MB. Grids and weights are left out: they would fall into some gaps and not into others. */
const large = { preset: 'seed', size: 32, width: 38, batch: 4, sampleEvery: 0, weightsEvery: 0 };

const cases = [
  {
    title: 'SIGKILL of 1 of 3',
    asked: mnist,
    trainers: 3,
    cause: (cluster) => cluster.signalTrainer(2, 'SIGKILL'),
  },
  {
    title: 'SIGSTOP of 1 of 3',
    asked: mnist,
    trainers: 3,
    cause: (cluster) => cluster.signalTrainer(2, 'SIGSTOP'),
  },
  { title: 'a third joins, 100 MB', asked: large, trainers: 2, cause: async (cluster) => cluster.scale(3) },
];

async function measure({ asked, trainers, cause }) {
  const directory = mkdtempSync(join(tmpdir(), 'gan-train-recovery-'));
  const out = join(directory, 'run');
  const cluster = await startLocalCluster({ asked: { ...asked, trainers, steps: 1_000_000 }, out, trainers });
  let lastStep = 0;
  let generations = 0;
  let lastOfGeneration = 0;
  const events = (async () => {
    for await (const { row, generation } of cluster.events()) {
      if (row) lastStep = row.step;
      if (!generation) continue;
      generations += 1;
      lastOfGeneration = lastStep;
    }
  })();
  try {
    await until(() => lastStep >= before);
    const known = generations;
    const causedMs = Date.now();
    await cause(cluster);
    // What the generation before finished may be told after the next one has begun.
    await until(() => generations > known && lastStep > lastOfGeneration + 2);
    await cluster.drain('measured');
    await cluster.finished();
    const log = readFileSync(join(out, 'logs', 'trainer-0.log'), 'utf8');
    const steps = stepsFromLog(log);
    const begunMs = generationsOf(log)[known].atMs;
    const first = steps.find(({ atMs }) => atMs > begunMs);
    const last = steps.findLast(({ atMs }) => atMs < begunMs);
    const step = median(
      steps
        .filter(({ atMs }) => atMs < causedMs)
        .slice(5)
        .map(({ ms }) => ms.step),
    );
    return {
      step,
      /** From the cause to the end of the next step, and from the last step that the others finished. */
      sinceCause: first.atMs - causedMs - step,
      gap: first.atMs - last.atMs - step,
      stateMb: sizeOf(join(out, 'checkpoints')) / 1e6,
    };
  } finally {
    cluster.kill();
    await cluster.finished().catch(() => undefined);
    await events;
    rmSync(directory, { recursive: true, force: true });
  }
}

const generationsOf = (log) =>
  log
    .split('\n')
    .filter((line) => line.includes('"msg":"generation"'))
    .map((line) => ({ atMs: Date.parse(JSON.parse(line).time) }));

/** Of the newest checkpoint. */
function sizeOf(checkpoints) {
  const newest = readdirSync(checkpoints)
    .filter((entry) => /^\d+$/.test(entry))
    .sort((a, b) => Number(a) - Number(b))
    .at(-1);
  return readdirSync(join(checkpoints, newest))
    .map((file) => statSync(join(checkpoints, newest, file)).size)
    .reduce((sum, size) => sum + size, 0);
}

async function until(ask) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`nothing happened within ${timeoutMs} ms`);
    await delay(50);
  }
}

const results = cases.map(({ title }) => ({ title, rounds: [] }));
// In turn, so that a machine that is disturbed for a while disturbs all alike.
for (let round = 1; round <= Number(rounds); round++) {
  for (const [i, one] of cases.entries()) {
    const result = await measure(one);
    results[i].rounds.push(result);
    const said = Object.entries(result).map(([what, value]) => `${what} ${value.toFixed(0)}`);
    console.error(`${one.title}, round ${round}: ${said.join(', ')}`);
  }
}

const seconds = (ms) => (ms / 1_000).toFixed(2);
const spread = (values) =>
  `**${seconds(median(values))}** (${seconds(Math.min(...values))} to ${seconds(Math.max(...values))})`;
const table = [
  '| what happens | to the next step, s | gap between steps, s | a step, s | state, MB |',
  '| --- | --- | --- | --- | --- |',
  ...results.map(({ title, rounds: all }) =>
    [
      '',
      title,
      spread(all.map(({ sinceCause }) => sinceCause)),
      spread(all.map(({ gap }) => gap)),
      seconds(median(all.map(({ step }) => step))),
      median(all.map(({ stateMb }) => stateMb)).toFixed(0),
      '',
    ]
      .join(' | ')
      .trim(),
  ),
].join('\n');
console.log(table);

if (name !== undefined) {
  const page = `# What a loss and a joiner cost the others, ${new Date().toISOString().slice(0, 10)}

\`node bench/recovery.mjs ${process.argv.slice(2).join(' ')}\`

${describeMachine()}. ${describeVersions([])}.

Median and range of ${rounds} rounds in turn, each a run of its own with default settings, all processes on this machine. To the next step: from
the signal to the end of the first step of the next generation, without the length of a normal step; a joiner starts a process
first. Gap: between the ends of the last step before and the first one after, without a normal step: what the others lose. A joiner's run makes
no grids and no .h5 files meanwhile.

${table}
`;
  writeFileSync(fileURLToPath(new URL(`results/${name}.md`, import.meta.url)), page);
}
