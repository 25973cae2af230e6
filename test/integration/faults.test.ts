import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  checkpointSteps,
  countTo,
  directoryOfTests,
  endless,
  exists,
  inspected,
  liveOf,
  lossesOf,
  readJson,
  slow,
  startCommand,
  stepsOf,
  tinyDcgan,
  trainArgs,
  trained,
  trainersOf,
  untilGone,
  type Asked,
  type RunningCommand,
} from '../support/index.js';

const directory = directoryOfTests();
/** Processes notice that their supervisor is gone, finish their step, store it and leave. */
const orphanMs = 30_000;

/** A run that computes steps and ends only by what is done to it. */
async function runningRun(
  name: string,
  asked: Asked = tinyDcgan,
): Promise<{ out: string; command: RunningCommand; pids: number[]; trainerPids: number[] }> {
  const out = join(directory, name);
  const command = startCommand(trainArgs(out, asked, '--steps', String(endless), '--trainers', '2'));
  await command.event('third step', ({ event, step }) => event === 'step' && Number(step) >= 3);
  const trainerPids = (await trainersOf(out)).map(({ pid }) => pid);
  return { out, command, trainerPids, pids: [(await liveOf(out)).pid, ...trainerPids] };
}

/** What was kept goes on, with another number of trainers, to the bits of a run that nothing happened to. */
async function expectUndisturbed(out: string): Promise<void> {
  const { step } = await inspected(out);
  const steps = String(step + 2);
  const resumed = await trained(out, {}, '--resume', '--steps', steps, '--trainers', '1');
  const undisturbed = await trained(`${out}-undisturbed`, tinyDcgan, '--steps', steps, '--trainers', '1');
  expect(resumed.weightsHash).toBe(undisturbed.weightsHash);
  expect(resumed.losses).toEqual(undisturbed.losses);
}

describe('train', () => {
  it('starts a trainer again that is killed, says so, and goes on to the same bits', async () => {
    const { out, command, trainerPids } = await runningRun('killed');
    process.kill(Number(trainerPids[1]), 'SIGKILL');
    const note = await command.event(
      'note',
      ({ event, message }) => event === 'note' && /again/.test(String(message)),
    );
    expect(note.message).toBe('trainer 1 is started again: it was ended by SIGKILL');
    await command.event(
      'two trainers',
      ({ event, n, trainers }) => event === 'generation' && Number(n) > 1 && trainers === 2,
    );
    command.signal('SIGINT');
    expect(await command.finished).toMatchObject({ code: 130, stderr: '' });
    await expectUndisturbed(out);
  });
});

describe('a signal to train', () => {
  it.each([
    { signal: 'SIGINT', exit: 130 },
    { signal: 'SIGTERM', exit: 143 },
  ] as const)('$signal ends it after a step, with a checkpoint, and $exit', async ({ signal, exit }) => {
    const { out, command, pids } = await runningRun(signal);
    command.signal(signal);

    const { code, stderr } = await command.finished;
    expect(stderr).toBe('');
    expect(code).toBe(exit);
    await untilGone(pids, orphanMs);
    expect(await exists(join(out, 'live.json'))).toBe(false);

    const { step, status } = await inspected(out);
    expect(status).toBe('stopped');
    expect(stepsOf(await lossesOf(out))).toEqual(countTo(step));
    const shown = command.events().filter(({ event }) => event === 'step');
    expect(shown.map((event) => event.step)).toEqual(countTo(step));
    expect(await readdir(join(out, 'samples'))).toContain(`${String(step).padStart(6, '0')}.png`);
    // Both signals drain alike.
    if (signal === 'SIGINT') await expectUndisturbed(out);
  });

  it('a second SIGINT ends it at once', async () => {
    const out = join(directory, 'second');
    const command = startCommand(trainArgs(out, slow, '--steps', String(endless), '--trainers', '1'));
    await command.event('first step', ({ event }) => event === 'step');
    const pids = [(await liveOf(out)).pid, ...(await trainersOf(out)).map(({ pid }) => pid)];
    command.signal('SIGINT');
    await command.event(
      'note of the drain',
      ({ event, message }) => event === 'note' && String(message).includes('second'),
    );
    command.signal('SIGINT');

    const { code } = await command.finished;
    expect(code).toBe(130);
    await untilGone(pids, 2_000);
    // Nothing was waited for: the step under way is not in the files.
    expect(await readJson(out, 'run.json')).toMatchObject({ status: 'running' });
    expect(await checkpointSteps(out)).toEqual([]);
  });

  it('SIGKILL leaves no process behind, and a run that goes on', async () => {
    const { out, command, pids } = await runningRun('orphaned');
    command.signal('SIGKILL');
    expect((await command.finished).code).toBe(137);
    await untilGone(pids, orphanMs);

    const { step, status } = await inspected(out);
    expect(status).toBe('stopped');
    expect(step).toBeGreaterThanOrEqual(3);
    await expectUndisturbed(out);
  });
});
