import { describe, expect, it } from 'vitest';
import { until } from '../../support/index.js';
import { referenceHash } from './reference.js';
import { createTestRelease, release, trainers, type TestRelease } from './release.js';
import { attemptKubectl, imageTag } from './tools.js';

const part = `app.kubernetes.io/name=${release},app.kubernetes.io/instance=${release}`;

/** Runs a command in a pod of this namespace, with these labels; its exit code, and all that it says. */
async function inPod(
  test: TestRelease,
  name: string,
  labels: string,
  command: readonly string[],
): Promise<{ code: number; said: string }> {
  const spec = {
    restartPolicy: 'Never',
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name,
        image: `gan-train-coordinator:${imageTag()}`,
        command,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  };
  const pairs = labels.split(',').map((pair) => pair.split('=') as [string, string]);
  const metadata = { name, labels: Object.fromEntries(pairs) };
  const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
  const made = await attemptKubectl(['--namespace', test.namespace, 'apply', '--filename', '-'], pod);
  expect(made.code, made.stderr).toBe(0);
  const state = async (): Promise<string> =>
    test.kubectl(
      'get',
      'pod',
      name,
      '--output',
      'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}',
    );
  const code = await until(`the end of ${name}`, async () => (await state()) || undefined, 120_000);
  const said = await test.kubectl('logs', name);
  await test.kubectl('delete', 'pod', name, '--wait=false');
  return { code: Number(code), said };
}

/** What comes of connections to host:port. */
const dial = (...addresses: string[]): string[] => {
  const script = `
    const { connect } = require('node:net');
    for (const address of ${JSON.stringify(addresses)}) {
      const [host, port] = address.split(':');
      const socket = connect({ host, port, timeout: 5000 });
      const say = (what) => { console.log(address + ' ' + what); socket.destroy(); };
      socket.on('connect', () => say('open')).on('timeout', () => say('shut')).on('error', () => say('shut'));
    }`;
  return ['node', '-e', script];
};

describe('a release in a namespace with restricted pods', () => {
  it('lets in who has its labels, and then its certificate, and nobody else', async () => {
    const test = await createTestRelease();
    await test.install();
    await test.untilMembers(2);
    const ip = async (pod: string): Promise<string> =>
      test.kubectl('get', 'pod', pod, '--output', 'jsonpath={.status.podIP}');
    const [coordinator, trainer] = [await ip(`${release}-coordinator-0`), await ip(`${release}-trainer-0`)];
    const doors = [`${coordinator}:7070`, `${coordinator}:8080`, `${trainer}:7071`, `${trainer}:8080`];
    const shut = doors.map((door) => `${door} shut`);

    const foreign = await inPod(test, 'foreign', 'app=foreign', dial(...doors));
    expect(foreign.said.split('\n').sort()).toEqual([...shut].sort());
    // With the labels of an operator the coordinator's port is open; without a certificate nobody answers there.
    const operator = `${part},app.kubernetes.io/component=operator`;
    const dialled = await inPod(test, 'operator', operator, dial(...doors));
    expect(dialled.said.split('\n').sort()).toEqual([`${doors[0]} open`, ...shut.slice(1)].sort());
    const plain = ['node', '/app/cli/bin/gan-train.js', 'status', `${coordinator}:7070`];
    expect(await inPod(test, 'plain', operator, plain)).toMatchObject({
      code: 1,
      said: expect.stringContaining('no coordinator answers') as string,
    });

    // What is secret is in no log.
    const secret = await test.kubectl(
      'get',
      'secret',
      `${release}-trainer-tls`,
      '--output',
      'jsonpath={.data.tls\\.key}',
    );
    const key = Buffer.from(secret, 'base64').toString().split('\n')[1] as string;
    expect(key.length).toBeGreaterThan(20);
    const logs = await test.kubectl('logs', '--selector', part, '--tail=-1');
    expect(logs).toContain('TLS is on');
    expect(logs).not.toContain(key);

    // The coordinator may do what it needs to do, and trainers nothing.
    const may = async (account: string, ...what: string[]): Promise<string> => {
      const user = `--as=system:serviceaccount:${test.namespace}:${account}`;
      return (
        await attemptKubectl(['--namespace', test.namespace, 'auth', 'can-i', ...what, user])
      ).stdout.trim();
    };
    expect(await may(`${release}-coordinator`, 'patch', `${trainers}`, '--subresource=scale')).toBe('yes');
    for (const what of [
      ['patch', trainers],
      ['get', 'secrets'],
      ['delete', 'pods'],
      ['patch', `statefulset/${release}-coordinator`, '--subresource=scale'],
    ])
      expect(await may(`${release}-coordinator`, ...what), what.join(' ')).toBe('no');
    expect(await may(`${release}-trainer`, 'list', 'pods')).toBe('no');
    await test.stop();
  });

  it('takes new certificates while it trains, and the weights are the same', async () => {
    const test = await createTestRelease();
    await test.install();
    await test.untilMembers(2);
    const before = await test.pods();
    const secrets = ['coordinator', 'trainer', 'operator'].map((role) => `secret/${release}-${role}-tls`);
    await test.kubectl('delete', ...secrets);
    await test.install();
    const renewed = async (): Promise<number> => {
      const logs = await test.kubectl('logs', '--selector', part, '--tail=-1');
      return logs.split('\n').filter((line) => line.includes('"certificate renewed"')).length;
    };
    // The kubelet brings them within a minute or two.
    await until('new certificates', async () => (await renewed()) >= 3 || undefined, 240_000);
    // Who comes now has a new one, and the others meet it with theirs.
    await test.kubectl('scale', trainers, '--replicas=3');
    const { step } = await test.untilMembers(3);
    expect(await test.pods()).toEqual(expect.arrayContaining(before));
    await test.untilStep(step + 20);
    const ended = await test.stop();
    expect(ended.weightsHash).toBe(await referenceHash(ended.step));
  });
});
