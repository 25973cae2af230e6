import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { directoryOfTests, gan, until } from '../../support/index.js';
import { chart, createTestRelease, release } from './release.js';
import { helm, imageTag } from './tools.js';

const directory = directoryOfTests();

it('the chart with its defaults trains to the end, and leaves the run on its volume', async () => {
  const test = await createTestRelease();
  const fromMs = Date.now();
  const seconds = (): string => ((Date.now() - fromMs) / 1000).toFixed(0);
  const notes = await helm(
    'install',
    release,
    chart,
    '--namespace',
    test.namespace,
    '--set',
    `image.tag=${imageTag()}`,
  );
  expect(notes).toContain(`gan-train status ${test.run}`);
  await test.untilStep(1);
  console.log(`from helm install to the first step: ${seconds()} s`);

  // As a new user tries what the notes say, while it trains.
  expect(await helm('test', release, '--namespace', test.namespace, '--logs')).toMatch(/Phase:\s+Succeeded/);
  const status = await gan('status', test.run);
  expect(status.stdout).toMatch(/^run +\/var\/lib\/gan-train\/run\nstep +\d+ of 1200/);
  const logs = await gan('logs', test.run, '--tail', '20');
  expect(logs.stdout).toMatch(/ coordinator {2}/);
  expect(logs.stdout).toMatch(/ trainer-1 .*generation /);

  const { weightsHash } = await test.untilFinished(1_500_000);
  console.log(`to the end: ${seconds()} s`);
  expect(await helm('test', release, '--namespace', test.namespace)).toMatch(/Phase:\s+Succeeded/);
  const data = JSON.parse(
    await test.kubectl('get', 'configmap', `${release}-status`, '--output', 'jsonpath={.data}'),
  ) as Record<string, string>;
  expect(data).toMatchObject({ status: 'finished', step: '1200 of 1200', weightsHash });

  const picture = join(directory, 'samples.png');
  expect(await gan('sample', test.run, '--out', picture)).toMatchObject({ code: 0, stderr: '' });
  expect((await readFile(picture)).subarray(1, 4).toString()).toBe('PNG');
  const copied = join(directory, 'run');
  await test.kubectl('cp', `${release}-coordinator-0:/var/lib/gan-train/run`, copied);
  const inspected = await gan('inspect', copied, '--json');
  expect(JSON.parse(inspected.stdout)).toMatchObject({ status: 'finished', step: 1200, weightsHash });
  const rows = (await readFile(join(copied, 'gan_loss.csv'), 'utf8')).trim().split('\n');
  expect(rows).toHaveLength(1201);
  await readFile(join(copied, 'samples/001200.png'));

  await helm('uninstall', release, '--namespace', test.namespace, '--wait');
  const kinds =
    'all,pvc,secrets,configmaps,serviceaccounts,roles,rolebindings,networkpolicies,poddisruptionbudgets';
  const left = async (): Promise<string[]> =>
    (await test.kubectl('get', kinds, '--output', 'name'))
      .split('\n')
      .filter((name) => name.includes(release));
  // Pods get the time to end.
  await until('the end of all pods', async () => (await left()).length < 2 || undefined, 90_000);
  expect(await left()).toEqual([`persistentvolumeclaim/${release}-run`]);

  // The next release of this name goes on with it: it is finished.
  await helm('install', release, chart, '--namespace', test.namespace, '--set', `image.tag=${imageTag()}`);
  expect(await test.untilFinished(120_000)).toMatchObject({ step: 1200, weightsHash });
}, 2_400_000);
