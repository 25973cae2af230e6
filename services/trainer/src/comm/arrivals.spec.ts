import { GanTrainError } from '@gan-train/service';
import { describe, expect, it } from 'vitest';
import { createArrivals } from './arrivals.js';

describe('arrivals', () => {
  it('count the buckets without a gap from the first', async () => {
    const arrivals = createArrivals();
    arrivals.begin(1);
    const first = arrivals.beyond(1, 0);
    arrivals.note(2);
    arrivals.note(0);
    expect(await first).toBe(1);
    arrivals.note(1);
    expect(await arrivals.beyond(1, 1)).toBe(3);
  });

  it('wake everyone who waits', async () => {
    const arrivals = createArrivals();
    arrivals.begin(1);
    const both = Promise.all([arrivals.beyond(1, 0), arrivals.beyond(1, 1)]);
    arrivals.note(0);
    arrivals.note(1);
    expect(await both).toEqual([2, 2]);
  });

  it('forget the step before', async () => {
    const arrivals = createArrivals();
    arrivals.begin(1);
    arrivals.note(0);
    arrivals.begin(2);
    const waiting = arrivals.beyond(2, 0);
    arrivals.note(0);
    expect(await waiting).toBe(1);
    await expect(arrivals.beyond(1, 0)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('fail for who waits and for who comes later, until they begin anew', async () => {
    const arrivals = createArrivals();
    arrivals.begin(1);
    const waiting = arrivals.beyond(1, 0);
    arrivals.fail(new GanTrainError('trainer_lost', 'gone'));
    await expect(waiting).rejects.toMatchObject({ code: 'trainer_lost' });
    await expect(arrivals.beyond(1, 0)).rejects.toMatchObject({ code: 'trainer_lost' });
    arrivals.begin(2);
    arrivals.note(0);
    expect(await arrivals.beyond(2, 0)).toBe(1);
  });
});
