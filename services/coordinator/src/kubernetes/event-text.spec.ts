import { describe, expect, it } from 'vitest';
import type { Event } from '@gan-train/rpc';
import { eventTextFrom } from './event-text.js';

const cases: [string, Event, ReturnType<typeof eventTextFrom>][] = [
  ['rows', { row: { step: 1 } }, undefined],
  ['files', { file: { path: 'x' } }, undefined],
  [
    'generations',
    { generation: { generation: { term: 1, n: 2 }, members: [{}, {}], reason: 'a joins' } },
    { type: 'Normal', reason: 'GenerationStarted', message: 'generation 1.2 with 2 trainers: a joins' },
  ],
  [
    'wishes',
    { wanted: { trainers: 1 } },
    { type: 'Normal', reason: 'TrainersWanted', message: '1 trainer wanted' },
  ],
  [
    'ends',
    { finished: { step: 9, status: 'finished', weightsHash: 'ab' } },
    { type: 'Normal', reason: 'RunFinished', message: 'the run finished at step 9, weightsHash ab' },
  ],
  [
    'stops',
    { finished: { step: 9, status: 'stopped', weightsHash: 'ab' } },
    { type: 'Normal', reason: 'RunStopped', message: 'the run stopped at step 9, weightsHash ab' },
  ],
  [
    'failures',
    { failed: { code: 'nonfinite', message: 'not finite' } },
    { type: 'Warning', reason: 'RunFailed', message: 'not finite' },
  ],
  ['notes', { note: { message: 'a left' } }, { type: 'Normal', reason: 'Note', message: 'a left' }],
  [
    'pods that end',
    { note: { message: 'p ended', reason: 'OOMKilled' } },
    { type: 'Warning', reason: 'OOMKilled', message: 'p ended' },
  ],
  [
    'pods that are asked to end',
    { note: { message: 'p', reason: 'PodDeletion' } },
    { type: 'Normal', reason: 'PodDeletion', message: 'p' },
  ],
];

describe("Kubernetes' events", () => {
  it.each(cases)('of %s', (_what, event, text) => {
    expect(eventTextFrom(event)).toEqual(text);
  });
});
