import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFaults, faultsFromText, noFaults, type Fault } from './faults.js';

const told = vi.hoisted(() => ({ lines: [] as string[] }));
vi.mock('node:fs', () => ({ writeSync: (_fd: number, line: string) => told.lines.push(line) }));
const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
beforeEach(() => {
  told.lines = [];
  kill.mockClear();
});
afterAll(() => void vi.restoreAllMocks());

/** Where a fault happens, of steps 1 to 6 with two phases each. */
function happens(fault: Partial<Fault>): string[] {
  const faults = createFaults([{ point: 'gradient', action: 'nan', ...fault }]);
  const places: string[] = [];
  for (let step = 1; step <= 6; step++) {
    for (const phase of [0, 1]) {
      // One for each of two shards.
      for (const shard of ['', "'"])
        if (faults(fault.point ?? 'gradient', { step, phase }) !== undefined)
          places.push(`${step}${'dg'[phase]}${shard}`);
    }
  }
  return places;
}

describe('faults that a test asks for', () => {
  it('are none where none are asked for', () => {
    expect(createFaults(faultsFromText(undefined))).toBe(noFaults);
    expect(createFaults(faultsFromText(''))).toBe(noFaults);
    expect(noFaults('gradient', { step: 1, phase: 0 })).toBeUndefined();
  });

  it('come from JSON', () => {
    const fault = { point: 'midReduce', step: 3, phase: 1, action: 'kill', phases: 2 };
    expect(faultsFromText(JSON.stringify([fault, { point: 'gradient', action: 'nan' }]))).toEqual([
      fault,
      { point: 'gradient', action: 'nan' },
    ]);
  });

  it.each([
    '{',
    '{}',
    '[{"point":"nowhere","action":"kill"}]',
    '[{"point":"gradient","action":"nan","x":1}]',
  ])('are refused, with the variable that they came in, when they are not a list of faults: %s', (text) => {
    expect(() => faultsFromText(text)).toThrow(
      expect.objectContaining({
        code: 'bad_config',
        what: expect.stringMatching(/^GAN_TRAIN_FAULTS is not a list of faults: /) as string,
      }) as Error,
    );
  });
});

describe('a fault', () => {
  it('happens in one phase, for every shard of it', () => {
    expect(happens({ step: 3 })).toEqual(['3d', "3d'"]);
    expect(happens({ step: 3, phase: 1 })).toEqual(['3g', "3g'"]);
    expect(happens({})).toEqual(['1d', "1d'"]);
  });

  it('happens in as many phases, one after the other, as are asked for', () => {
    expect(happens({ step: 3, phases: 3 })).toEqual(['3d', "3d'", '3g', "3g'", '4d', "4d'"]);
    expect(happens({ step: 3, phase: 1, phases: 2 })).toEqual(['3g', "3g'", '4g', "4g'"]);
    expect(happens({ phase: 1, phases: 2 })).toEqual(['1g', "1g'", '2g', "2g'"]);
  });

  it('happens once at a point that a phase passes once, though that is computed again', () => {
    expect(happens({ point: 'afterUpdate', step: 3 })).toEqual(['3d']);
  });

  it('does not happen at another point', () => {
    const faults = createFaults([{ point: 'gradient', action: 'nan' }]);
    expect(faults('midReduce', { step: 1, phase: 0 })).toBeUndefined();
    expect(told.lines).toEqual([]);
  });

  it('is said on standard error, once a phase', () => {
    happens({ step: 3, phases: 2, action: 'flip' });
    expect(told.lines).toEqual([
      'fault fired: flip at gradient, step 3 phase 0\n',
      'fault fired: flip at gradient, step 3 phase 1\n',
    ]);
  });

  it.each([
    ['kill', 'SIGKILL'],
    ['stop', 'SIGSTOP'],
  ] as const)('that is to %s the process does so, after it was said', (action, signal) => {
    kill.mockImplementation(() => {
      expect(told.lines).toHaveLength(1);
      return true;
    });
    expect(happens({ point: 'beforeSend', step: 2, action })).toEqual([]);
    expect(kill.mock.calls).toEqual([[process.pid, signal]]);
  });

  it('is one of many', () => {
    const faults = createFaults([
      { point: 'gradient', step: 2, action: 'nan' },
      { point: 'gradient', step: 2, action: 'flip', phase: 1 },
    ]);
    expect([0, 1].map((phase) => faults('gradient', { step: 2, phase }))).toEqual(['nan', 'flip']);
  });
});
