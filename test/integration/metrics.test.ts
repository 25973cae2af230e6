import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  csvOf,
  directoryOfTests,
  endless,
  liveOf,
  scrape,
  slow,
  startCommand,
  stepsCommitted,
  tinyDcgan,
  trainArgs,
  trainersOf,
  until,
  writeImages,
  type Scrape,
} from '../support/index.js';

const directory = directoryOfTests();

const coordinatorNames = [
  'trainers',
  'trainers_wanted',
  'generation',
  'term',
  'd_loss',
  'g_loss',
  'd_output_mean{input="real"}',
  'd_output_mean{input="fake"}',
  'images_per_second',
  'steps_total{result="committed"}',
  'items_sent_total',
  'process_resident_memory_bytes',
  'nodejs_eventloop_lag_p99_seconds',
];
const trainerNames = [
  'd_loss',
  'g_loss',
  'd_output_mean{input="real"}',
  'd_output_mean{input="fake"}',
  'grad_norm{network="generator"}',
  'grad_norm{network="discriminator"}',
  'steps_total{result="committed"}',
  'items_total',
  'step_seconds_count{part="data"}',
  'step_seconds_sum{part="compute"}',
  'step_seconds_sum{part="wait"}',
  'step_seconds_sum{part="update"}',
  'generation',
  'term',
  'tensors',
  'process_resident_memory_bytes',
  'nodejs_eventloop_lag_p99_seconds',
];

const valueOf = ({ values }: Scrape, name: string): number => values.get(`gan_train_${name}`) ?? NaN;

it('both kinds of process answer within a second while tensors compute', async () => {
  const out = join(directory, 'slow');
  const command = startCommand(trainArgs(out, slow, '--steps', String(endless), '--trainers', '1'));
  await command.event('first step', ({ event }) => event === 'step');
  const ports = [(await liveOf(out)).httpPort, ...(await trainersOf(out)).map(({ httpPort }) => httpPort)];

  // A phase reports when it is over: answers with the same count, apart by much of a phase, came while it computed.
  const phasesDone = (answer: Scrape): number => valueOf(answer, 'step_seconds_count{part="compute"}');
  let first: { count: number; atMs: number } | undefined;
  let during = 0;
  await until('answers during a phase', async () => {
    const answers = await Promise.all(ports.map(scrape));
    for (const { ms } of answers) expect(ms).toBeLessThan(1_000);
    const [count, nowMs] = [phasesDone(answers[1] as Scrape), performance.now()];
    if (first?.count !== count) {
      first = { count, atMs: nowMs };
      during = 0;
    }
    during += 1;
    return during >= 10 && nowMs - first.atMs > 300 ? true : undefined;
  });
  const seen = await scrape(ports[1] as number);
  // Phases of this model do take that long: the answers did not fall between two of them.
  expect(valueOf(seen, 'step_seconds_sum{part="compute"}') / phasesDone(seen)).toBeGreaterThan(0.3);
  command.signal('SIGINT');
  await command.finished;
});

it('they count what they are named after, and show the losses of the table', async () => {
  const out = join(directory, 'quick');
  const command = startCommand(trainArgs(out, tinyDcgan, '--steps', String(endless), '--trainers', '2'));
  await command.event('third step', ({ event, step }) => event === 'step' && Number(step) >= 3);
  const [{ httpPort }, trainers] = [await liveOf(out), await trainersOf(out)];
  const coordinator = await scrape(httpPort);
  const members = await Promise.all(trainers.map(async (trainer) => scrape(trainer.httpPort)));
  command.signal('SIGINT');
  expect((await command.finished).code).toBe(130);

  expect(coordinator.contentType).toContain('text/plain; version=0.0.4');
  for (const name of coordinatorNames) expect(valueOf(coordinator, name), name).not.toBeNaN();
  for (const member of members)
    for (const name of trainerNames) expect(valueOf(member, name), name).not.toBeNaN();
  for (const answer of [coordinator, ...members]) {
    for (const name of answer.values.keys()) expect(name).toMatch(/^gan_train_/);
    expect([valueOf(answer, 'term'), valueOf(answer, 'generation')]).toEqual([1, 1]);
  }
  expect(valueOf(coordinator, 'trainers')).toBe(2);
  expect(valueOf(coordinator, 'trainers_wanted')).toBe(2);

  const rows = (await csvOf(out))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  // The row of the step that a process had come to when it answered.
  const row = rows[stepsCommitted(coordinator)] as number[];
  const shown = ['d_loss', 'g_loss', 'd_output_mean{input="real"}', 'd_output_mean{input="fake"}'];
  expect(shown.map((name) => valueOf(coordinator, name))).toEqual(row.slice(2, 6));
  for (const member of members) {
    const done = stepsCommitted(member);
    expect(done).toBeGreaterThanOrEqual(3);
    expect(valueOf(member, 'g_loss')).toBe(rows[done]?.[3]);
    // Half of the 8 items of a step each; of the next step's if its first phase is over.
    const phases = valueOf(member, 'step_seconds_count{part="compute"}');
    expect(valueOf(member, 'items_total')).toBe(4 * Math.ceil(phases / 2));
    expect(valueOf(member, 'd_loss')).toBe(rows[Math.ceil(phases / 2)]?.[2]);
    for (const direction of ['sent', 'received'])
      expect(valueOf(member, `allreduce_bytes_total{direction="${direction}"}`)).toBeGreaterThan(0);
    const build = [...member.values.keys()].find((name) => name.startsWith('gan_train_build_info'));
    expect(build).toMatch(/engine="onnx"/);
  }
});

/** Kilobytes of memory that a process holds. */
async function residentKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}

it('tensors stay as many, and memory as much, from step 50 to step 200', async () => {
  // A trainer's half of a batch: 128 images of 28 px, 3 channels, as floats. Leaked once a step it would be 172 MiB in the end.
  const batchKiB = (128 * 28 * 28 * 3 * 4) / 1024;
  const mostGrowthKiB = 0.4 * 150 * batchKiB;
  const out = join(directory, 'long');
  const data = await writeImages(join(directory, 'images'), 32, 28);
  const model = { preset: 'dcgan', size: 28, width: 1, latentDim: 8, batch: 256, engine: 'onnx', data };
  const quiet = ['--sample-every', '0', '--weights-every', '0'];
  const command = startCommand(
    trainArgs(out, model, ...quiet, '--steps', String(endless), '--trainers', '2'),
  );
  const look = async (least: number) => {
    await command.event(`step ${least}`, ({ event, step }) => event === 'step' && Number(step) >= least);
    const trainers = await trainersOf(out);
    const pids = [(await liveOf(out)).pid, ...trainers.map(({ pid }) => pid)];
    const scrapes = await Promise.all(trainers.map(async ({ httpPort }) => scrape(httpPort)));
    return {
      resident: await Promise.all(pids.map(residentKiB)),
      tensors: scrapes.map((answer) => valueOf(answer, 'tensors')),
    };
  };
  const early = await look(5);
  const before = await look(50);
  const after = await look(200);
  // What is garbage at one moment is gone at another; what leaks is there at all of them.
  const later = [after, await look(220), await look(240)];
  command.signal('SIGINT');
  expect((await command.finished).code).toBe(130);

  expect(before.tensors).toEqual(early.tensors);
  expect(after.tensors).toEqual(early.tensors);
  before.resident.forEach((resident, i) => {
    const least = Math.min(...later.map((at) => at.resident[i] ?? NaN));
    expect(least - resident).toBeLessThan(mostGrowthKiB);
  });
});
