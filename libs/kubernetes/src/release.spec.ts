import { describe, expect, it } from 'vitest';
import { findRelease, processesOfRelease, readSecret } from './release.js';
import { startFakeApi } from './testing/fake-api.js';

const label = 'app.kubernetes.io/component';
const pod = (component: string, name: string, phase = 'Running', more: object = {}) => ({
  metadata: { name, labels: { [label]: component }, ...more },
  status: { phase },
});
const coordinator = (phase?: string, more?: object) => pod('coordinator', 'x-coordinator-0', phase, more);
const trainer = pod('trainer', 'x-trainer-12', 'Pending');
const ending = { deletionTimestamp: '2026-01-01T00:00:00Z' };

/** What is said of a release with such pods. */
async function ofPods<T>(
  items: object[],
  ask: (cluster: Awaited<ReturnType<typeof startFakeApi>>['cluster']) => Promise<T>,
) {
  const api = await startFakeApi();
  const asking = ask(api.cluster).catch((error: unknown) => error);
  const call = await api.next();
  expect(call.query.get('labelSelector')).toBe(
    'app.kubernetes.io/instance=x,app.kubernetes.io/name=gan-train',
  );
  call.reply({ items });
  return asking;
}

describe('a release', () => {
  it('is found by the coordinator that runs', async () => {
    const annotations = { 'gan-train/operator-secret': 's' };
    const pods = [trainer, coordinator('Running', { annotations })];
    expect(await ofPods(pods, async (cluster) => findRelease(cluster, 'x'))).toEqual({
      name: 'x',
      coordinatorPod: 'x-coordinator-0',
      operatorSecret: 's',
    });
  });

  it.each([
    ['waits', coordinator('Pending'), ': x-coordinator-0 is Pending'],
    ['ends', coordinator('Running', ending), ': x-coordinator-0 is Running'],
    ['is not there', trainer, ''],
  ])('has nobody to talk to when its coordinator %s, but processes', async (_what, only, words) => {
    const pods = only === trainer ? [trainer] : [only, trainer];
    expect(await ofPods(pods, async (cluster) => findRelease(cluster, 'x'))).toMatchObject({
      code: 'run_missing',
      what: `no coordinator of release x runs in namespace test${words}`,
    });
    const all = [
      { name: 'coordinator-0', pod: 'x-coordinator-0' },
      { name: 'trainer-12', pod: 'x-trainer-12' },
    ].slice(-pods.length);
    const others = [pod('monitor', 'x-monitor-0')];
    expect(await ofPods([...pods, ...others], async (cluster) => processesOfRelease(cluster, 'x'))).toEqual(
      all,
    );
  });

  it('has no processes when it is not there', async () => {
    expect(await ofPods([], async (cluster) => processesOfRelease(cluster, 'x'))).toEqual([]);
  });
});

it('a Secret is read as bytes', async () => {
  const api = await startFakeApi();
  const reading = readSecret(api.cluster, 's');
  const call = await api.next();
  expect(call.path).toBe('/api/v1/namespaces/test/secrets/s');
  call.reply({ data: { key: Buffer.from('ü').toString('base64') } });
  expect((await reading).key?.toString()).toBe('ü');
});
