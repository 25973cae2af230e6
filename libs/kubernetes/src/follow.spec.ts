import type { KubernetesObject } from 'kubernetes-client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { GanTrainError } from '@gan-train/service';
import { abortedBy } from './ask-api.js';
import { follow } from './follow.js';
import { startFakeApi, type FakeApi, type FakeCall } from './testing/fake-api.js';
import { createQueue } from './testing/queue.js';
import { stopTimers } from './testing/stop-timers.js';

const path = '/api/v1/namespaces/test/pods';
const pod = (name: string): KubernetesObject => ({ metadata: { name, uid: name } });
const list = (...names: string[]) => ({ metadata: { resourceVersion: '7' }, items: names.map(pod) });
const failed = (code: number) => ({
  type: 'ERROR',
  object: { kind: 'Status', code, message: `no: ${code}` },
});
/** From one look at the clock to the next: what a watch needs to have stood. */
const stands = 1_000;

/** Pods, followed without pauses. */
async function startFollowing(lookMs = 0) {
  const api = await startFakeApi();
  const { cluster } = api;
  const told = createQueue<string[]>();
  const failures: GanTrainError[] = [];
  const pauses: number[] = [];
  const stop = new AbortController();
  let nowMs = 0;
  const clock = {
    nowMs: () => (nowMs += lookMs),
    async pause(ms: number) {
      pauses.push(ms);
      return Promise.resolve();
    },
  };
  const done = follow(
    cluster,
    {
      path,
      query: { labelSelector: 'x=y' },
      list: async (until) => cluster.core.listNamespacedPod({ namespace: 'test' }, abortedBy(until)),
      onChange: (objects) => told.add(objects.map(({ metadata }) => metadata?.name ?? '')),
      onFailure: (error) => void failures.push(error),
    },
    stop.signal,
    clock,
  );
  const end = async (): Promise<void> => {
    stop.abort();
    await done;
  };
  onTestFinished(end);
  const reasons = (): string[] => failures.map(({ what }) => what);
  return { api, told, failures, reasons, pauses, end };
}

/** Answers a list; the watch that follows it. */
async function watchAfter(api: FakeApi, ...names: string[]): Promise<FakeCall> {
  (await api.next()).reply(list(...names));
  const watch = await api.next();
  expect(watch.query.get('watch')).toBe('true');
  return watch;
}

describe('what is followed', () => {
  it('is told as it is, and after each change', async () => {
    const { api, told, reasons } = await startFollowing(stands);
    const watch = await watchAfter(api, 'a', 'b');
    expect(await told.next()).toEqual(['a', 'b']);
    expect(watch.path).toBe(path);
    expect(Object.fromEntries(watch.query)).toEqual({
      labelSelector: 'x=y',
      watch: 'true',
      resourceVersion: '7',
      timeoutSeconds: '240',
    });
    expect(watch.headers.authorization).toBe('Bearer secret');
    const added = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: pod('ü') })}\n`);
    const cut = added.indexOf('ü') + 1;
    watch.send(added.subarray(0, cut));
    watch.send(added.subarray(cut));
    expect(await told.next()).toEqual(['a', 'b', 'ü']);
    watch.send({ type: 'DELETED', object: pod('a') });
    expect(await told.next()).toEqual(['b', 'ü']);
    watch.send({ type: 'MODIFIED', object: pod('b') });
    expect(await told.next()).toEqual(['b', 'ü']);
    expect(reasons()).toEqual([]);
  });

  it('is listed anew at once when a watch has stood and ends, or is too old', async () => {
    const { api, told, reasons, pauses } = await startFollowing(stands);
    (await watchAfter(api, 'a')).reply('');
    const old = await watchAfter(api, 'b');
    old.send(failed(410));
    await watchAfter(api, 'c');
    await old.closed;
    expect([await told.next(), await told.next(), await told.next()]).toEqual([['a'], ['b'], ['c']]);
    expect([reasons(), pauses]).toEqual([[], []]);
  });

  it('is asked for ever more rarely when watches end at once, and that is told once', async () => {
    const { api, reasons, pauses } = await startFollowing();
    for (let round = 0; round < 9; round++) (await watchAfter(api)).reply('');
    await api.next();
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(reasons()).toEqual([`watching ${path}: it ended at once`]);
  });

  it('is asked for more rarely when a watch is too old at once', async () => {
    const { api, reasons, pauses } = await startFollowing();
    for (let round = 0; round < 3; round++) (await watchAfter(api)).send(failed(410));
    await api.next();
    expect(pauses).toEqual([500, 1_000, 2_000]);
    expect(reasons()).toEqual([`watching ${path}: no: 410`]);
  });

  it('waits after any other failure of a watch, and tells it again after one that stood', async () => {
    const { api, told, failures, reasons, pauses } = await startFollowing(stands);
    for (let round = 0; round < 2; round++) (await watchAfter(api)).send(failed(500));
    const broken = await watchAfter(api);
    for (let round = 0; round < 3; round++) await told.next();
    broken.send({ type: 'ADDED', object: pod('a') });
    await told.next();
    broken.reset();
    await api.next();
    expect(pauses).toEqual([500, 500, 500]);
    expect(reasons()).toEqual([
      `watching ${path}: no: 500`,
      `watching ${path}: no: 500`,
      `watching ${path}: the connection broke (aborted)`,
    ]);
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['kubernetes']));
  });

  it('tells each reason once, though lists get through between', async () => {
    const { api, reasons, pauses } = await startFollowing();
    for (let round = 0; round < 3; round++) (await watchAfter(api)).refuse(403, 'not yours');
    (await api.next()).refuse(403, 'nothing is');
    (await api.next()).refuse(403, 'nothing is');
    await api.next();
    expect(reasons()).toEqual([`watching ${path}: not yours`, `listing ${path}: nothing is`]);
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  });

  it('is given up and listed anew when the API says nothing, and what was given up stays so', async () => {
    stopTimers();
    const { api, told, reasons } = await startFollowing(stands);
    const stalledList = await api.next();
    vi.advanceTimersByTime(10_000);
    await stalledList.closed;
    const unanswered = await watchAfter(api, 'a');
    expect(await told.next()).toEqual(['a']);
    vi.advanceTimersByTime(10_000);
    await unanswered.closed;
    const stalled = await watchAfter(api, 'b');
    expect(await told.next()).toEqual(['b']);
    stalled.send({ type: 'DELETED', object: pod('b') });
    expect(await told.next()).toEqual([]);
    vi.advanceTimersByTime(270_000);
    await stalled.closed;
    (await api.next()).reply(list('c'));
    expect(await told.next()).toEqual(['c']);
    for (const late of [unanswered, stalled]) late.send({ type: 'ADDED', object: pod('old') });
    (await api.next()).send({ type: 'ADDED', object: pod('d') });
    expect(await told.next()).toEqual(['c', 'd']);
    expect(reasons()).toEqual([
      `listing ${path}: the answer took longer than 10000 ms`,
      `watching ${path}: the answer took longer than 10000 ms`,
    ]);
  });

  it.each(['list', 'watch', 'begun watch'])('ends when it is told to, and so does its %s', async (stage) => {
    const { api, told, reasons, end } = await startFollowing();
    const call = stage === 'list' ? await api.next() : await watchAfter(api, 'a');
    if (stage === 'begun watch') {
      await told.next();
      call.send({ type: 'ADDED', object: pod('b') });
      await told.next();
    }
    await end();
    await call.closed;
    expect(reasons()).toEqual([]);
  });
});
