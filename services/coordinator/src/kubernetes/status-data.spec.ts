import { describe, expect, it } from 'vitest';
import { statusDataFrom } from './status-data.js';
import { dataFromKept, keptFromData, wholeFrom } from './kept.js';

describe('the status in the cluster', () => {
  it('says in words what a person asks first', () => {
    const run = { runId: 'r', step: 120, steps: 1200, status: 'running', weightsHash: 'ab' };
    const row = { dLoss: 0.69314, gLoss: 1.2, dReal: 0.5, dFake: 0.25, imagesPerSecond: 100.04 };
    const trainers = [{ role: 'member' }, { role: 'standby' }];
    const reply = { run, row, trainers, trainersWanted: 2, generation: { term: 1, n: 3 }, doing: 'at work' };
    expect(statusDataFrom(reply)).toEqual({
      run: 'r',
      status: 'running',
      step: '120 of 1200',
      trainers: '1 of 2',
      generation: '1.3',
      doing: 'at work',
      weightsHash: 'ab',
      losses: 'd_loss 0.6931, g_loss 1.2000',
      outputs: 'D(x) 0.500, D(G(z)) 0.250',
      imagesPerSecond: '100.0',
    });
  });

  it('has no losses before the first step', () => {
    expect(Object.keys(statusDataFrom({ generation: { term: 0, n: 0 }, row: null }))).not.toContain('losses');
  });
});

describe('what is kept of replicas', () => {
  it('comes back as it was', () => {
    for (const kept of [
      { applied: 3, atEnd: undefined },
      { applied: undefined, atEnd: 0 },
    ]) {
      const data = dataFromKept(kept);
      const stored = Object.entries(data).filter(([, value]) => value !== null) as [string, string][];
      expect(keptFromData(Object.fromEntries(stored))).toEqual(kept);
    }
  });

  it.each(['', '-1', '1.5', 'two', '1e3'])('is nothing when it is %j', (text) => {
    expect(wholeFrom(text)).toBeUndefined();
  });
});
