import { describe, expect, it } from 'vitest';
import { until } from '../../support/index.js';
import { referenceHash } from './reference.js';
import { createTestRelease, release, trainers, type TestRelease } from './release.js';
import { attemptKubectl, docker, kubectl, type ToolResult } from './tools.js';

const coordinatorPod = `${release}-coordinator-0`;
const trainerPod = (index: number): string => `${release}-trainer-${index}`;

/** A run with so many trainers at work. */
async function training(count: number, ...flags: string[]): Promise<TestRelease> {
  const test = await createTestRelease();
  await test.install('--set', `trainer.replicas=${count}`, ...flags);
  await test.untilMembers(count);
  return test;
}

/** Whatever happened, the weights are those of an undisturbed run. */
async function endsUndisturbed(test: TestRelease): Promise<void> {
  const { step } = await test.status();
  await test.untilStep(step + 20);
  const ended = await test.stop();
  expect(ended.weightsHash).toBe(await referenceHash(ended.step));
}

/** Seconds from a moment until something is said of the run, as the tests' table. */
async function secondsUntilSaid(test: TestRelease, fromMs: number, words: RegExp): Promise<number> {
  const seconds = (await test.untilSaid(words)) - fromMs / 1000;
  console.log(`${String(words)}: after ${seconds.toFixed(1)} s`);
  return seconds;
}

const nodeOf = async (test: TestRelease, pod: string): Promise<string> =>
  test.kubectl('get', 'pod', pod, '--output', 'jsonpath={.spec.nodeName}');

/** A node that the coordinator doesn't run on, with at least one of the trainers. */
async function nodeWithoutCoordinator(test: TestRelease): Promise<string> {
  const own = await nodeOf(test, coordinatorPod);
  const pods = (await test.pods()).filter((name) => name.includes('-trainer-'));
  const nodes = await Promise.all(pods.map(async (pod) => nodeOf(test, pod.replace('pod/', ''))));
  const other = nodes.find((node) => node !== own);
  if (other === undefined)
    throw new Error(`all pods are on ${own}: the cluster needs two nodes that take pods`);
  return other;
}

/** What a drain does with a pod. */
async function evict({ namespace }: TestRelease, name: string): Promise<ToolResult> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } };
  return attemptKubectl(['create', '--raw', path, '--filename', '-'], JSON.stringify(eviction));
}

describe('a trainer', () => {
  it('whose pod is deleted, gracefully and by force, is replaced', async () => {
    const test = await training(2);
    let fromMs = Date.now();
    await test.kubectl('delete', 'pod', trainerPod(1), '--wait=false');
    await secondsUntilSaid(test, fromMs, /gan-train-trainer-1 is asked to end/);
    await secondsUntilSaid(test, fromMs, /left: it was asked to end/);
    await test.untilMembers(2);
    fromMs = Date.now();
    await test.kubectl('delete', 'pod', trainerPod(0), '--force', '--grace-period=0', '--wait=false');
    await secondsUntilSaid(test, fromMs, /gan-train-trainer-0 is deleted/);
    await test.untilMembers(2);
    await endsUndisturbed(test);
  });

  it('that takes more memory than it may is killed, named with the reason, and comes back', async () => {
    const test = await training(2, '--set', 'trainer.resources.limits.memory=700Mi');
    const fromMs = Date.now();
    // What processes beside it take counts for it too. They are small, so that it is the first to be killed for that.
    const eat = `
      require('fs').writeFileSync('/proc/1/oom_score_adj', '1000');
      const child = 'const kept = Buffer.alloc(40 << 20, 1); setInterval(() => kept.fill(2), 1000)';
      setInterval(() => require('child_process').spawn(process.execPath, ['-e', child]), 300);
      setTimeout(() => process.exit(3), 60000);`;
    const args = ['--namespace', test.namespace, 'exec', trainerPod(1), '--', 'node', '-e', eat];
    expect((await attemptKubectl(args)).code).toBe(137);
    await secondsUntilSaid(test, fromMs, /gan-train-trainer-1 ended: OOMKilled/);
    await test.untilMembers(2);
    await endsUndisturbed(test);
  });

  it('that no node takes is named with the reason, and the others go on', async () => {
    const test = await training(1);
    const nodes = (await kubectl('get', 'nodes', '--output', 'name')).split('\n');
    await kubectl('cordon', ...nodes);
    try {
      const fromMs = Date.now();
      await test.kubectl('scale', trainers, '--replicas=2');
      await secondsUntilSaid(test, fromMs, /gan-train-trainer-1 has no node: .*available/);
      const { step } = await test.status();
      await test.untilStep(step + 20);
    } finally {
      await kubectl('uncordon', ...nodes);
    }
    await test.untilMembers(2);
    await endsUndisturbed(test);
  });
});

describe('the coordinator', () => {
  it('whose pod is deleted, gracefully and by force, comes back to trainers that went on', async () => {
    const test = await training(2);
    let { step: before } = await test.untilStep(20);
    for (const how of [['--wait=true'], ['--force', '--grace-period=0']]) {
      const fromMs = Date.now();
      await test.kubectl('delete', 'pod', coordinatorPod, ...how);
      const { step } = await test.untilMembers(2);
      console.log(`coordinator, ${how[0]}: back after ${((Date.now() - fromMs) / 1000).toFixed(1)} s`);
      expect(step).toBeGreaterThan(before);
      before = step;
    }
    const restarts = await test.kubectl(
      'get',
      'pods',
      '--selector',
      'app.kubernetes.io/component=trainer',
      '--output',
      'jsonpath={.items[*].status.containerStatuses[0].restartCount}',
    );
    expect(restarts).toBe('0 0');
    await endsUndisturbed(test);
  });
});

describe('a node without the coordinator', () => {
  it('may be drained: trainers leave one by one', async () => {
    const test = await training(3);
    const node = await nodeWithoutCoordinator(test);
    try {
      await kubectl(
        'drain',
        node,
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--timeout=180s',
        `--pod-selector=app.kubernetes.io/instance=${release}`,
      );
      await test.untilSaid(/is asked to end \(EvictionByEvictionAPI\)/);
      await test.untilMembers(3);
    } finally {
      await kubectl('uncordon', node);
    }
    // Wherever they are.
    expect(await evict(test, trainerPod(0))).toMatchObject({ code: 0 });
    const { code, stderr } = await evict(test, trainerPod(1));
    expect(stderr).toContain("would violate the pod's disruption budget");
    expect(code).toBe(1);
    await test.untilMembers(3);
    await endsUndisturbed(test);
  });

  it('may stand still: the others go on without its trainers, which come back', async () => {
    const test = await training(3);
    const node = await nodeWithoutCoordinator(test);
    const { step } = await test.status();
    const fromMs = Date.now();
    await docker('pause', node);
    try {
      await secondsUntilSaid(test, fromMs, /is lost: silent for/);
      await test.untilStep(step + 20);
    } finally {
      await docker('unpause', node);
    }
    await until(
      'its node',
      async () => {
        const ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
        return (await kubectl('get', 'node', node, '--output', ready)) === 'True' || undefined;
      },
      120_000,
    );
    await test.untilMembers(3);
    await endsUndisturbed(test);
  });
});
