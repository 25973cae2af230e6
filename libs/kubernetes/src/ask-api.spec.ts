import { describe, expect, it, vi } from 'vitest';
import { abortedBy, askApi, refusalFrom } from './ask-api.js';
import type { Cluster } from './cluster.js';
import { clusterAt, startFakeApi } from './testing/fake-api.js';
import { stopTimers } from './testing/stop-timers.js';

const ask = async ({ core }: Cluster, until?: AbortSignal): Promise<unknown> =>
  askApi(
    'listing pods',
    async (signal) => core.listNamespacedPod({ namespace: 'test' }, abortedBy(signal)),
    until,
  ).catch((error: unknown) => error);

describe('what the API is asked', () => {
  it('is given up after a while, and leaves no connection', async () => {
    stopTimers();
    const api = await startFakeApi();
    const asking = ask(api.cluster);
    const call = await api.next();
    vi.advanceTimersByTime(10_000);
    await call.closed;
    expect(await asking).toMatchObject({
      code: 'kubernetes',
      what: 'listing pods: the answer took longer than 10000 ms',
      todo: 'see whether kubectl works',
    });
  });

  it('is given up when nobody wants to know any more', async () => {
    const api = await startFakeApi();
    const stop = new AbortController();
    const asking = ask(api.cluster, stop.signal);
    const call = await api.next();
    stop.abort();
    await call.closed;
    expect(await asking).toMatchObject({ code: 'kubernetes' });
    expect(await ask(api.cluster, stop.signal)).toMatchObject({ code: 'kubernetes' });
  });

  it.each([
    [401, 'Unauthorized', 'listing pods: status 401', 'see whether kubectl works'],
    [403, 'pods is forbidden', 'listing pods: pods is forbidden', 'give whoever calls this right by a Role'],
    [500, 'etcd is slow', 'listing pods: etcd is slow', undefined],
  ])('is refused with %d, in its words', async (status, words, what, todo) => {
    const api = await startFakeApi();
    const asking = ask(api.cluster);
    (await api.next()).refuse(status, words);
    const error = await asking;
    expect(error).toMatchObject({ code: 'kubernetes', what, todo });
    expect(refusalFrom(error)?.status).toBe(status);
  });

  it('is refused by something that is no API', async () => {
    const api = await startFakeApi();
    const asking = ask(api.cluster);
    (await api.next()).reply('<html>', 502);
    expect(await asking).toMatchObject({ what: 'listing pods: status 502', todo: undefined });
  });

  it('says what to look at where there is no API', async () => {
    const error = await ask(clusterAt('https://127.0.0.1:1'));
    expect(error).toMatchObject({ code: 'kubernetes', todo: 'see whether kubectl works' });
    expect(refusalFrom(error)).toBeUndefined();
  });
});
