import type { V1Pod } from 'kubernetes-client';
import { describe, expect, it } from 'vitest';
import { newsOfPods, podFactsFrom, type PodFacts } from './pods.js';

const facts = (change: Partial<PodFacts> = {}): PodFacts => ({
  name: 'x-trainer-1',
  uid: 'uid-1',
  isDeleting: false,
  disruption: undefined,
  unschedulable: undefined,
  waiting: undefined,
  ended: undefined,
  failed: undefined,
  ...change,
});
const news = (before: PodFacts[], after: PodFacts[]) =>
  newsOfPods(before, after).map(({ kind, reason, message }) => [kind, reason, message]);

describe('the facts of a pod', () => {
  it('are read from what Kubernetes says', () => {
    const pod = {
      metadata: { name: 'x-trainer-1', uid: 'uid-1', deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: {
        phase: 'Failed',
        reason: 'Evicted',
        message: 'low on memory',
        conditions: [
          { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' },
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes' },
        ],
        containerStatuses: [
          {
            state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
            lastState: { terminated: { containerID: 'c1', reason: 'OOMKilled', exitCode: 137 } },
          },
        ],
      },
    };
    expect(podFactsFrom(pod as unknown as V1Pod)).toEqual({
      name: 'x-trainer-1',
      uid: 'uid-1',
      isDeleting: true,
      disruption: 'EvictionByEvictionAPI',
      unschedulable: '0/1 nodes',
      waiting: { reason: 'CrashLoopBackOff', message: 'back-off' },
      ended: { id: 'c1', reason: 'OOMKilled', exitCode: 137 },
      failed: { reason: 'Evicted', message: 'low on memory' },
    });
  });

  it('are few of one that is well, or begins', () => {
    const metadata = { name: 'x-trainer-1', uid: 'uid-1' };
    expect(podFactsFrom({ metadata })).toEqual(facts());
    const containerStatuses = [{ state: { waiting: { reason: 'ContainerCreating' } } }];
    const status = { conditions: [{ type: 'PodScheduled', status: 'True' }], containerStatuses };
    expect(podFactsFrom({ metadata, status } as unknown as V1Pod)).toEqual(facts());
  });
});

describe('what happens to pods', () => {
  it('is nothing while they stay as they are', () => {
    const ended = { id: 'c1', reason: 'OOMKilled', exitCode: 137 };
    const same = facts({ ended, isDeleting: true, unschedulable: 'no node' });
    expect(news([same], [{ ...same }])).toEqual([]);
    expect(news([], [facts()])).toEqual([]);
  });

  it('is that one is gone, also when another one has its name', () => {
    expect(news([facts({ disruption: 'DeletionByTaintManager' })], [])).toEqual([
      ['gone', 'PodDeleted', 'pod x-trainer-1 is deleted (DeletionByTaintManager)'],
    ]);
    expect(news([facts()], [facts({ uid: 'uid-2' })])).toEqual([
      ['gone', 'PodDeleted', 'pod x-trainer-1 is deleted'],
    ]);
  });

  it('is how a container ends, each time', () => {
    const first = facts({ ended: { id: 'c1', reason: 'OOMKilled', exitCode: 137 } });
    const second = facts({ ended: { id: 'c2', reason: 'Error', exitCode: 1 } });
    expect(news([facts()], [first])).toEqual([
      ['ended', 'OOMKilled', 'pod x-trainer-1 ended: OOMKilled, exit code 137'],
    ]);
    expect(news([first], [second])).toEqual([
      ['ended', 'Error', 'pod x-trainer-1 ended: Error, exit code 1'],
    ]);
  });

  it('is that one is asked to end, and not that it then does', () => {
    const asked = facts({ isDeleting: true, disruption: 'EvictionByEvictionAPI' });
    expect(news([facts()], [asked])).toEqual([
      ['deleting', 'EvictionByEvictionAPI', 'pod x-trainer-1 is asked to end (EvictionByEvictionAPI)'],
    ]);
    const ended = { id: 'c1', reason: 'Completed', exitCode: 0 };
    expect(news([asked], [{ ...asked, ended }])).toEqual([]);
    expect(news([asked], [{ ...asked, ended: { ...ended, reason: 'Error', exitCode: 137 } }])).toHaveLength(
      1,
    );
  });

  it('is that it fails, has no node, or cannot start', () => {
    expect(news([facts()], [facts({ failed: { reason: 'Evicted', message: 'low on memory' } })])).toEqual([
      ['failed', 'Evicted', 'pod x-trainer-1 failed: Evicted. low on memory'],
    ]);
    expect(news([], [facts({ unschedulable: '0/1 nodes' })])).toEqual([
      ['unschedulable', 'Unschedulable', 'pod x-trainer-1 has no node: 0/1 nodes'],
    ]);
    expect(news([], [facts({ waiting: { reason: 'CrashLoopBackOff', message: '' } })])).toEqual([
      ['waiting', 'CrashLoopBackOff', 'pod x-trainer-1 cannot start: CrashLoopBackOff.'],
    ]);
  });

  it('is an image that cannot be pulled once, though the reason alternates', () => {
    const [pull, backOff] = ['ErrImagePull', 'ImagePullBackOff'].map((reason) =>
      facts({ waiting: { reason, message: 'not found' } }),
    ) as [PodFacts, PodFacts];
    expect(news([facts()], [pull])).toHaveLength(1);
    expect(news([pull], [backOff])).toEqual([]);
    expect(news([backOff], [pull])).toEqual([]);
  });
});
