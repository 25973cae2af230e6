import { describe, expect, it } from 'vitest';
import { followPodLog, readPodLog } from './logs.js';
import { startFakeApi } from './testing/fake-api.js';
import { createQueue } from './testing/queue.js';

const path = '/api/v1/namespaces/test/pods/x-trainer-0/log';
const waits = 'container "trainer" in pod "x-trainer-0" is waiting to start: ContainerCreating';

async function startFollowing() {
  const api = await startFakeApi();
  const lines = createQueue<string>();
  const stop = new AbortController();
  const done = followPodLog(api.cluster, 'x-trainer-0', 5, lines.add, stop.signal);
  return { call: await api.next(), lines, stop, done };
}

describe('a log that is read', () => {
  it.each([
    ['a\n\nb\n', ['a', 'b']],
    ['', []],
  ])('has the lines of %j', async (text, lines) => {
    const api = await startFakeApi();
    const reading = readPodLog(api.cluster, 'x-trainer-0', 5);
    const call = await api.next();
    expect([call.path, Object.fromEntries(call.query)]).toEqual([path, { tailLines: '5' }]);
    call.reply(text);
    expect(await reading).toEqual(lines);
  });
});

describe('a log that is followed', () => {
  it('has its lines, however they are cut, until the container ends', async () => {
    const { call, lines, done } = await startFollowing();
    expect([call.path, Object.fromEntries(call.query)]).toEqual([path, { follow: 'true', tailLines: '5' }]);
    const bytes = Buffer.from('one\ntwö\nthree');
    call.send(bytes.subarray(0, 7));
    call.send(bytes.subarray(7));
    call.end();
    await done;
    expect([await lines.next(), await lines.next(), await lines.next()]).toEqual(['one', 'twö', 'three']);
  });

  it('ends when its connection breaks, and says so', async () => {
    const { call, lines, done } = await startFollowing();
    call.send('one\n');
    await lines.next();
    call.reset();
    const what = 'following the log of x-trainer-0: the connection broke (aborted)';
    await expect(done).rejects.toMatchObject({ code: 'kubernetes', what });
  });

  it.each([false, true])(
    'ends when it is told to, and is not asked for any more (begun: %s)',
    async (isBegun) => {
      const { call, lines, stop, done } = await startFollowing();
      if (isBegun) {
        call.send('one\n');
        await lines.next();
      }
      stop.abort();
      await done;
      await call.closed;
    },
  );
});

it.each([
  [400, waits],
  [404, 'pods "x-trainer-0" not found'],
  [403, 'pods "x-trainer-0" is forbidden'],
])('a log that is refused with %d fails with the words of the API: %s', async (status, words) => {
  const api = await startFakeApi();
  const reading = readPodLog(api.cluster, 'x-trainer-0', 5).catch((error: unknown) => error);
  (await api.next()).refuse(status, words);
  const { signal } = new AbortController();
  const following = followPodLog(api.cluster, 'x-trainer-0', 5, () => undefined, signal).catch(
    (error: unknown) => error,
  );
  (await api.next()).refuse(status, words);
  expect(await Promise.all([reading, following])).toMatchObject([
    { code: 'kubernetes', what: `reading the log of x-trainer-0: ${words}` },
    { code: 'kubernetes', what: `following the log of x-trainer-0: ${words}` },
  ]);
});
