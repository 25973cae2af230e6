import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { referenceHash } from './reference.js';
import { chart, createTestRelease, release, runFlags, trainers } from './release.js';
import { helm, helm3 } from './tools.js';

/** The chart as it was once released. */
const before = fileURLToPath(new URL('gan-train-0.1.0.tgz', import.meta.url));

it('a release of chart 0.1.0 is upgraded in flight, by either Helm, and trains on to the same weights', async () => {
  const test = await createTestRelease();
  const upgrade = [release, chart, '--namespace', test.namespace, '--reuse-values'];
  const replicas = async (): Promise<string> =>
    test.kubectl('get', trainers, '--output', 'jsonpath={.spec.replicas}');
  await helm3('install', release, before, '--namespace', test.namespace, ...runFlags());
  await test.untilMembers(2);
  await test.kubectl('scale', trainers, '--replicas=3');
  await test.untilMembers(3);

  await helm3('upgrade', ...upgrade);
  expect(await replicas()).toBe('3');
  // The coordinator and the trainers that change come back one by one.
  await helm('upgrade', ...upgrade, '--set', 'trainer.podAnnotations.change=now');
  expect(await replicas()).toBe('3');
  await test.kubectl('rollout', 'status', trainers, '--timeout=240s');
  const { step } = await test.untilMembers(3);
  await test.untilStep(step + 20);
  const ended = await test.stop();
  expect(ended.weightsHash).toBe(await referenceHash(ended.step));
});
