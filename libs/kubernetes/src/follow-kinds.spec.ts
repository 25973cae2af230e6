import { expect, it, onTestFinished } from 'vitest';
import { followPods } from './follow-pods.js';
import { followStatefulSet, type StatefulSetFacts } from './follow-stateful-set.js';
import type { PodNews } from './pods.js';
import { startFakeApi } from './testing/fake-api.js';
import { createQueue } from './testing/queue.js';

const fail = (error: Error): never => {
  throw error;
};

function stopAfter(followed: (signal: AbortSignal) => Promise<void>): void {
  const stop = new AbortController();
  const done = followed(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await done;
  });
}

it('pods are followed by their labels: what is wrong with them, and what happens to them', async () => {
  const api = await startFakeApi();
  const told = createQueue<PodNews>();
  const hooks = { onNews: told.add, onFailure: fail };
  stopAfter(async (signal) => followPods(api.cluster, 'a=b', hooks, signal));
  const list = await api.next();
  expect([list.path, list.query.get('labelSelector')]).toEqual(['/api/v1/namespaces/test/pods', 'a=b']);
  const metadata = { name: 'x-trainer-0', uid: 'u' };
  const waiting = { reason: 'ErrImagePull', message: 'not found' };
  const status = { containerStatuses: [{ state: { waiting } }] };
  list.reply({ metadata: {}, items: [{ metadata, status }] });
  expect(await told.next()).toMatchObject({ kind: 'waiting', reason: 'ErrImagePull' });
  (await api.next()).send({ type: 'DELETED', object: { metadata } });
  expect(await told.next()).toMatchObject({ kind: 'gone', pod: 'x-trainer-0', uid: 'u' });
});

it('a StatefulSet is followed by its name', async () => {
  const api = await startFakeApi();
  const told = createQueue<StatefulSetFacts>();
  const hooks = { onChange: told.add, onFailure: fail };
  stopAfter(async (signal) => followStatefulSet(api.cluster, 'x-trainer', hooks, signal));
  const list = await api.next();
  expect(list.path).toBe('/apis/apps/v1/namespaces/test/statefulsets');
  expect(list.query.get('fieldSelector')).toBe('metadata.name=x-trainer');
  const metadata = { name: 'x-trainer', uid: 'u', annotations: { 'gan-train/replicas': '3' } };
  const selector = { matchLabels: { a: 'b', c: 'd' } };
  list.reply({ metadata: {}, items: [{ metadata, spec: { replicas: 2, selector } }] });
  const facts = { name: 'x-trainer', uid: 'u', annotations: metadata.annotations, selector: 'a=b,c=d' };
  expect(await told.next()).toEqual({ ...facts, replicas: 2 });
  (await api.next()).send({ type: 'MODIFIED', object: { metadata, spec: { replicas: 5, selector } } });
  expect(await told.next()).toEqual({ ...facts, replicas: 5 });
});
