import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  clusterStarter,
  directoryOfTests,
  endless,
  gan,
  inspected,
  startCommand,
  tinyDcgan,
  until,
} from '../support/index.js';

const directory = directoryOfTests();
const start = clusterStarter(directory, { ...tinyDcgan, steps: endless, checkpointSeconds: 0 });

it('a run that is alive is waited for, sampled, read and stopped by its directory or its address', async () => {
  const cluster = await start(2);
  const { directory: out, grpcPort } = cluster;
  const address = `127.0.0.1:${grpcPort}`;
  expect(await gan('wait', address, '--timeout-seconds', '60')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/the run is at step \d+ of/) as string,
    stderr: '',
  });
  expect(await gan('wait', out, '--for', 'end', '--timeout-seconds', '1')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^error timeout: the run did not end within 1 second: step \d+ of/,
    ) as string,
  });

  const followed = startCommand([
    'logs',
    out,
    '--follow',
    '--process',
    'trainer-1',
    '--json',
    '--tail',
    '1000',
  ]);
  const { process } = await followed.event('a generation', ({ msg }) => msg === 'generation');
  expect(process).toBe('trainer-1');
  cluster.signalTrainer(1, 'SIGKILL');
  // It is started again, and its log goes on.
  await until(
    'two lives',
    () => followed.events().filter(({ msg }) => msg === 'joined').length > 1 || undefined,
    60_000,
  );
  followed.signal('SIGINT');
  expect((await followed.finished).stderr).toBe('');

  const waiting = startCommand(['wait', out, '--for', 'end']);
  await until('that it waits', () => waiting.output().includes('waiting: ') || undefined);
  expect(await gan('stop', out)).toMatchObject({ code: 0, stderr: '' });
  await cluster.finished();
  // The coordinator is gone at once: the directory says how the run ended.
  const ended = expect.stringMatching(/the run is stopped at step \d+( of \d+)?\n$/) as string;
  expect(await waiting.finished).toMatchObject({ code: 0, stdout: ended, stderr: '' });
  expect(await gan('wait', out, '--for', 'end')).toMatchObject({ code: 0, stdout: ended, stderr: '' });
  expect(await gan('wait', out)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error refused: the run is stopped at step \d+/) as string,
  });
  expect(await gan('wait', directory, '--for', 'end')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('error run_missing: there is no run at') as string,
  });
  const { stdout: logs } = await gan('logs', out, '--tail', '50');
  const words = logs.split('\n').filter((line) => line !== '');
  const times = words.map((line) => line.slice(0, 12)).filter((time) => time.trim() !== '');
  expect(times).toEqual([...times].sort());
  for (const [name, message] of [
    ['coordinator', 'run over'],
    ['trainer-0', 'done'],
    ['trainer-1', 'done'],
  ] as const)
    expect(logs).toMatch(new RegExp(`^\\S+ +${name} +info +${message} `, 'm'));
  expect(await gan('logs', out, '--process', 'trainer-7')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      'there is no trainer-7; there are coordinator, trainer-0, trainer-1',
    ) as string,
  });

  // From its coordinator and from its directory: the same images.
  const again = startCommand(['coordinator', '--out', out, '--host', '127.0.0.1', '--stay', '--steps', '1']);
  const { grpcPort: port } = await again.event('its port', ({ msg }) => msg === 'listening');
  const pictures = ['remote.png', 'local.png'].map((name) => join(directory, name)) as [string, string];
  expect(await gan('sample', `127.0.0.1:${String(port)}`, '--out', pictures[0])).toMatchObject({ code: 0 });
  expect(await gan('sample', out, '--out', pictures[1])).toMatchObject({ code: 0 });
  expect(await readFile(pictures[0])).toEqual(await readFile(pictures[1]));
  expect((await inspected(out)).step).toBeGreaterThan(0);
  const stop = await gan('stop', `127.0.0.1:${String(port)}`);
  expect(stop).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^it has ended: \w+ at step/) as string,
  });
  again.signal('SIGTERM');
  await again.finished;
});
