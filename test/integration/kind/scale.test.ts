import { expect, it } from 'vitest';
import { gan } from '../../support/index.js';
import { referenceHash } from './reference.js';
import { createTestRelease, release, trainers } from './release.js';

it('trainers are scaled by kubectl, by the command and by values, and the weights are those of one trainer', async () => {
  const test = await createTestRelease();
  const replicas = async (): Promise<string> =>
    test.kubectl('get', trainers, '--output', 'jsonpath={.spec.replicas}');
  await test.install();
  await test.untilMembers(2);

  await test.kubectl('scale', trainers, '--replicas=4');
  await test.untilMembers(4);
  // An upgrade that changes something else leaves the number alone, and doesn't collide with who changed it.
  await test.install('--set', 'test.timeoutSeconds=200');
  expect(await replicas()).toBe('4');
  await test.kubectl('scale', trainers, '--replicas=1');
  await test.untilMembers(1);

  await test.install('--set', 'trainer.replicas=3');
  await test.untilMembers(3);
  expect(await replicas()).toBe('3');

  expect(await gan('scale', '2', test.run)).toMatchObject({ code: 0, stderr: '' });
  await test.untilMembers(2);
  expect(await replicas()).toBe('2');

  // None: the run waits for some.
  await test.kubectl('scale', trainers, '--replicas=0');
  const paused = await test.untilMembers(0);
  expect(paused.status).toBe('running');
  await test.kubectl('scale', trainers, '--replicas=1');
  await test.untilMembers(1);

  const { step, weightsHash } = await test.stop();
  expect(weightsHash).toBe(await referenceHash(step));
  const events = await test.kubectl('get', 'events', '--output', 'jsonpath={.items[*].reason}');
  for (const reason of ['GenerationStarted', 'TrainersWanted', 'Scaled', 'RunStopped'])
    expect(events.split(' ')).toContain(reason);
  expect(
    await test.kubectl('get', 'configmap', `${release}-status`, '--output', 'jsonpath={.data}'),
  ).toContain(weightsHash);
});
