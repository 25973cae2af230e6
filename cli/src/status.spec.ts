import type { StatusReply__Output } from '@gan-train/rpc';
import { describe, expect, it } from 'vitest';
import { reportOf, textOf } from './status.js';

type Reply = StatusReply__Output;
type Trainer = Reply['trainers'][number];

const trainer = (pid: number, change: Partial<Trainer> = {}): Trainer => ({
  incarnation: `i${pid}`,
  address: `127.0.0.1:${50_000 + pid}`,
  pid,
  host: 'h',
  role: 'member',
  rank: 0,
  firstShard: 0,
  shardCount: 2,
  position: { step: 117, phase: 0 },
  activity: 'COMPUTING',
  shardsDone: 1,
  waitingFor: [],
  silentSeconds: 0,
  ...change,
});

/** 02:03:04 and some seconds. */
const event = (seconds: number, happened: Partial<Reply['events'][number]>): Reply['events'][number] => ({
  time: 7_384 + seconds,
  ...happened,
});
const members = [1, 2].map((rank) => ({ incarnation: `i${rank}` })) as never[];

const reply: Reply = {
  run: {
    runId: 'r',
    directory: 'runs/one',
    step: 116,
    steps: 1200,
    items: 70_000,
    batch: 64,
    status: 'running',
    weightsHash: 'abc',
  },
  generation: { term: 2, n: 3 },
  doing: '2 trainers at work',
  configJson: '{}',
  trainersWanted: 3,
  trainers: [
    trainer(101),
    trainer(102, {
      rank: 1,
      firstShard: 2,
      shardCount: 1,
      activity: 'WAITING_PEER',
      waitingFor: ['127.0.0.1:50101', '127.0.0.1:50103'],
      position: { step: 116, phase: 1 },
    }),
    trainer(103, { rank: 2, firstShard: 3, shardCount: 0, activity: 'WAITING_DATA' }),
    trainer(104, { rank: 3, firstShard: 3, shardCount: 1, role: 'leaving', waitingFor: ['a:1'] }),
    trainer(105, { role: 'standby', shardCount: 0 }),
    trainer(6, { role: 'joining', shardCount: 0, address: 'a:1' }),
    trainer(107, { role: 'leaving', shardCount: 0 }),
  ],
  row: {
    step: 116,
    dLoss: 0.6931,
    gLoss: 1.25,
    dReal: 0.714,
    dFake: 0.3,
    imagesPerSecond: 1234.5,
    skippedPhases: 0,
  },
  events: [
    event(0, { generation: { generation: { term: 2, n: 3 }, members, reason: '2 trainers are ready' } }),
    event(1, { wanted: { trainers: 3 } }),
    event(2, { note: { message: 'trainer a:1 left: it was asked to end', reason: '' } }),
    event(3, { finished: { step: 9, status: 'stopped', weightsHash: '' } }),
    event(4, { failed: { code: 'io', message: 'no space left' } }),
  ],
};

describe('gan-train status', () => {
  it('shows a person the run, its trainers and what happened last', () => {
    expect(textOf(reply)).toBe(`\
run          runs/one
step         116 of 1200, 1235 images/s
losses       d_loss 0.693  g_loss 1.250  D(x) 0.71  D(G(z)) 0.30
generation   2.3, 3 trainers wanted
now          2 trainers at work

rank  pid  address          shards  state                                          at
0     101  127.0.0.1:50101  0-1     computing                                      step 117 d
1     102  127.0.0.1:50102  2       waiting peer 127.0.0.1:50101, 127.0.0.1:50103  step 116 g
2     103  127.0.0.1:50103  spare   waiting data                                   step 117 d
3     104  127.0.0.1:50104  3       computing (leaving)                            step 117 d
-     105  127.0.0.1:50105  -       standby                                        -
-     6    a:1              -       joining                                        -
-     107  127.0.0.1:50107  -       leaving                                        -

02:03:04  generation 2.3 with 2 trainers: 2 trainers are ready
02:03:05  3 trainers wanted
02:03:06  trainer a:1 left: it was asked to end
02:03:07  stopped at step 9
02:03:08  failed: no space left
`);
  });

  it('shows a run that has not begun', () => {
    const bare: Reply = {
      run: reply.run && { ...reply.run, step: 0 },
      generation: { term: 0, n: 0 },
      doing: '0 of 2 trainers are ready',
      trainersWanted: 2,
      trainers: [],
      row: null,
      events: [],
      configJson: '{}',
    };
    expect(textOf(bare)).toBe(`\
run          runs/one
step         0 of 1200, - images/s
losses       d_loss -  g_loss -  D(x) -  D(G(z)) -
generation   0.0, 2 trainers wanted
now          0 of 2 trainers are ready

rank  pid  address  shards  state  at

`);
  });

  it('shows the last ten events', () => {
    const events = Array.from({ length: 13 }, (_, i) =>
      event(i, { note: { message: `event ${i}`, reason: '' } }),
    );
    const shown = textOf({ ...reply, events })
      .split('\n')
      .filter((line) => line.includes('event '));
    expect(shown).toHaveLength(10);
    expect(shown[0]).toBe('02:03:07  event 3');
    expect(shown.at(-1)).toBe('02:03:16  event 12');
  });

  it('tells a program the same, and all of it', () => {
    const report = reportOf({
      ...reply,
      trainers: reply.trainers.slice(1, 2),
      events: reply.events.slice(0, 1),
    });
    expect(report).toEqual({
      runId: 'r',
      directory: 'runs/one',
      status: 'running',
      step: 116,
      steps: 1200,
      weightsHash: 'abc',
      doing: '2 trainers at work',
      losses: { d_loss: 0.6931, g_loss: 1.25, d_real: 0.714, d_fake: 0.3 },
      images_per_second: 1234.5,
      generation: { term: 2, n: 3 },
      trainers_wanted: 3,
      trainers: [
        {
          id: 'i102',
          address: '127.0.0.1:50102',
          pid: 102,
          host: 'h',
          role: 'member',
          rank: 1,
          shards: [2],
          state: 'waiting_peer',
          at: { step: 116, phase: 1 },
          waiting_for: ['127.0.0.1:50101', '127.0.0.1:50103'],
        },
      ],
      events: [{ time: 7_384, message: 'generation 2.3 with 2 trainers: 2 trainers are ready' }],
    });
  });

  it('tells a program of one that is no member no shards', () => {
    const [standby] = reportOf({ ...reply, trainers: reply.trainers.slice(4, 5) }).trainers;
    expect(standby).toEqual({ id: 'i105', address: '127.0.0.1:50105', pid: 105, host: 'h', role: 'standby' });
  });
});
