import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  compareRuns,
  directoryOfTests,
  endless,
  flagsFrom,
  gan,
  inspected,
  isAlive,
  lossesOf,
  readJson,
  setupMs,
  startCommand,
  stepsOf,
  tinyDcgan,
  trainReference,
  trainUndisturbed,
  until,
  type Asked,
  type Reference,
  type RunningCommand,
} from '../support/index.js';

/** As under Kubernetes: whatever ends is started again, and each process has a certain address. */
const directory = directoryOfTests();
const steps = 120;
const asked: Asked = { ...tinyDcgan, steps, sampleEvery: 100, guardEvery: 100, trainers: 2 };
let reference: Reference;

beforeAll(async () => {
  reference = await trainReference(directory, asked);
}, setupMs);

const line = async (command: RunningCommand, msg: string) =>
  command.event(`"${msg}"`, (event) => event.msg === msg);

async function startCoordinator(out: string, change: Asked = {}) {
  const flags = flagsFrom({ ...asked, ...change });
  const command = startCommand(['coordinator', '--out', out, '--host', '127.0.0.1', '--stay', ...flags]);
  const { grpcPort } = await line(command, 'listening');
  return { command, grpcPort: Number(grpcPort) };
}

const startTrainer = (grpcPort: number): RunningCommand =>
  startCommand(['trainer', '--coordinator', `127.0.0.1:${grpcPort}`, '--listen', '127.0.0.1:0', '--stay']);

async function statusOf(grpcPort: number): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await gan('status', `127.0.0.1:${grpcPort}`, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const untilStep = async (out: string, step: number): Promise<void> =>
  void (await until(
    `step ${step}`,
    async () => stepsOf(await lossesOf(out).catch(() => [])).includes(step) || undefined,
    60_000,
  ));

async function endsWell(...commands: RunningCommand[]): Promise<void> {
  for (const command of commands) {
    command.signal('SIGTERM');
    expect(await command.finished).toMatchObject({ code: 0, stderr: '' });
  }
}

/** The run gets to its last step, with the bits of the reference, and its processes end well. */
async function finishes(
  out: string,
  coordinator: RunningCommand,
  trainers: readonly RunningCommand[],
): Promise<void> {
  await line(coordinator, 'stays, for who asks how the run ended');
  await compareRuns(out, reference);
  expect(await inspected(out)).toMatchObject({ status: 'finished', step: steps });
  await endsWell(...trainers, coordinator);
}

describe('processes that stay', () => {
  it('are there when the run is over, and take part again when it goes on', async () => {
    const out = join(directory, 'goes-on');
    const first = await startCoordinator(out, { steps: 100 });
    const trainers = [startTrainer(first.grpcPort), startTrainer(first.grpcPort)];
    for (const trainer of trainers) await line(trainer, 'stays until the run goes on');
    const { weightsHash } = await inspected(out);
    expect(await statusOf(first.grpcPort)).toMatchObject({ status: 'finished', step: 100, weightsHash });
    // One that comes too late has nothing to do.
    const late = startTrainer(first.grpcPort);
    await line(late, 'stays until the run goes on');
    await endsWell(late, first.command);

    const second = await startCoordinator(out, { grpcPort: first.grpcPort });
    for (const trainer of trainers) expect(await trainer.finished).toMatchObject({ code: 0 });
    const again = [startTrainer(second.grpcPort), startTrainer(second.grpcPort)];
    await finishes(out, second.command, again);
  });

  it('are no part of the run: the coordinator goes on SIGTERM, and the run goes on', async () => {
    const out = join(directory, 'without');
    const first = await startCoordinator(out, { steps: endless });
    const trainers = [startTrainer(first.grpcPort), startTrainer(first.grpcPort)];
    await untilStep(out, 10);
    await endsWell(first.command);
    expect(trainers.map(({ pid }) => isAlive(pid))).toEqual([true, true]);
    expect(await readJson(out, 'run.json')).toMatchObject({ status: 'running' });

    const second = await startCoordinator(out, { steps: endless, grpcPort: first.grpcPort });
    const last = stepsOf(await lossesOf(out)).at(-1) ?? 0;
    await untilStep(out, last + 10);
    expect(await gan('stop', `127.0.0.1:${second.grpcPort}`)).toMatchObject({ code: 0 });
    await line(second.command, 'stays, for who asks how the run ended');
    const { status, step } = await inspected(out);
    expect(status).toBe('stopped');
    await compareRuns(out, await trainUndisturbed(out, asked, step));
    await endsWell(...trainers, second.command);
  });

  it('that are told to end all at once leave nothing to be done again', async () => {
    const out = join(directory, 'at-once');
    const { command, grpcPort } = await startCoordinator(out, { checkpointSeconds: 3600 });
    const trainers = [startTrainer(grpcPort), startTrainer(grpcPort)];
    await untilStep(out, 10);
    for (const process of [command, ...trainers]) process.signal('SIGTERM');
    for (const process of [...trainers, command]) expect(await process.finished).toMatchObject({ code: 0 });
    const last = stepsOf(await lossesOf(out)).at(-1);
    expect(await inspected(out)).toMatchObject({ status: 'running', step: last });

    const again = await startCoordinator(out, { trainers: 1 });
    const trainer = startTrainer(again.grpcPort);
    await finishes(out, again.command, [trainer]);
  });
});
