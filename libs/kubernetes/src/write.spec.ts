import { describe, expect, it } from 'vitest';
import { createEventSender } from './events.js';
import { patchConfigMap, patchReplicas } from './patch.js';
import { startFakeApi, type FakeCall } from './testing/fake-api.js';

const about = { kind: 'StatefulSet', name: 'x-trainer', uid: 'u' };
const event = (message: string) => ({ type: 'Normal' as const, reason: 'Note', message });
const messageOf = ({ body }: FakeCall): string => (JSON.parse(body) as { message: string }).message;

describe('events', () => {
  it('are written one after the other, also after one that is refused', async () => {
    const api = await startFakeApi();
    const failures: string[] = [];
    const sender = createEventSender(api.cluster, about, ({ what }) => void failures.push(what), 0);
    sender.send(event('one'));
    sender.send(event('two'));
    const first = await api.next();
    expect([first.method, first.path]).toEqual(['POST', '/api/v1/namespaces/test/events']);
    expect(JSON.parse(first.body)).toMatchObject({
      metadata: { generateName: 'x-trainer.', namespace: 'test' },
      involvedObject: about,
      type: 'Normal',
      reason: 'Note',
      message: 'one',
    });
    first.refuse(403, 'events is forbidden');
    const second = await api.next();
    expect(messageOf(second)).toBe('two');
    second.reply({}, 201);
    await sender.flush(10_000);
    expect(failures).toEqual(['writing an event: events is forbidden']);
  });

  it('are forgotten when too many wait, the oldest first', async () => {
    const api = await startFakeApi();
    const sender = createEventSender(api.cluster, about, () => undefined, 0);
    for (let i = 0; i <= 53; i++) sender.send(event(`${i}`));
    const messages: string[] = [];
    for (let i = 0; i <= 50; i++) {
      const call = await api.next();
      messages.push(messageOf(call));
      call.reply({}, 201);
    }
    await sender.flush(10_000);
    expect([messages[0], messages[1], messages.at(-1)]).toEqual(['0', '4', '53']);
  });

  it('are not waited for longer than asked', async () => {
    const api = await startFakeApi();
    const sender = createEventSender(api.cluster, about, () => undefined, 0);
    await sender.flush(10_000);
    sender.send(event('one'));
    const call = await api.next();
    await sender.flush(10);
    call.reply({}, 201);
    await sender.flush(10_000);
  });
});

describe('patches', () => {
  it('merge a number of replicas', async () => {
    const api = await startFakeApi();
    const patching = patchReplicas(api.cluster, 'x-trainer', 3);
    const call = await api.next();
    expect([call.method, call.path]).toEqual([
      'PATCH',
      '/apis/apps/v1/namespaces/test/statefulsets/x-trainer/scale',
    ]);
    expect(call.headers['content-type']).toBe('application/merge-patch+json');
    expect(JSON.parse(call.body)).toEqual({ spec: { replicas: 3 } });
    call.reply({});
    await patching;
  });

  it('merge keys of a ConfigMap, and remove some', async () => {
    const api = await startFakeApi();
    const patching = patchConfigMap(api.cluster, 'x-status', { a: 'b', c: null });
    const call = await api.next();
    expect(call.path).toBe('/api/v1/namespaces/test/configmaps/x-status');
    expect(JSON.parse(call.body)).toEqual({ data: { a: 'b', c: null } });
    call.reply({});
    await patching;
  });
});
