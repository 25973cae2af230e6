import { writeSync } from 'node:fs';
import { z } from 'zod';
import { GanTrainError } from './errors.js';

/**
 * Faults that a test asks for: at a named point of a step, once, a process kills or stops itself, or its numbers go wrong. What
 * is not asked for costs a comparison.
 */
export const faultPoints = [
  /** A trainer has its gradients; none is sent. */
  'beforeSend',
  /** Some buckets of a phase are reduced, others not. */
  'midReduce',
  /** All buckets are reduced; nothing is updated. */
  'afterReduce',
  /** The phase is committed. */
  'afterUpdate',
  /** A gradient is made. */
  'gradient',
  /** A state is being taken over from others. */
  'midHeal',
] as const;
export type FaultPoint = (typeof faultPoints)[number];

const faultSchema = z.strictObject({
  point: z.enum(faultPoints),
  /** Where it begins; anywhere when left out. */
  step: z.number().int().optional(),
  phase: z.number().int().optional(),
  /** nan: the gradient becomes NaN; flip: a bit of a weight flips. */
  action: z.enum(['kill', 'stop', 'nan', 'flip']),
  /** Phases, one after the other, that it happens in; 1 when left out. */
  phases: z.number().int().min(1).optional(),
});
export type Fault = z.infer<typeof faultSchema>;

export const faultsVariable = 'GAN_TRAIN_FAULTS';
/** What a process says on its standard error when a fault that was asked for happens. */
export const faultSign = 'fault fired';

/** What the point has to do itself; undefined when nothing was asked for. */
export type Faults = (point: FaultPoint, at: { step: number; phase: number }) => 'nan' | 'flip' | undefined;

export const noFaults: Faults = () => undefined;

/** Faults from the variable's text, JSON; throws `bad_config`. */
export function faultsFromText(text: string | undefined): readonly Fault[] {
  if (text === undefined || text === '') return [];
  try {
    return z.array(faultSchema).parse(JSON.parse(text));
  } catch (error) {
    const what = `${faultsVariable} is not a list of faults: ${(error as Error).message}`;
    throw new GanTrainError('bad_config', what, 'leave it unset', error);
  }
}

export function createFaults(wanted: readonly Fault[]): Faults {
  if (wanted.length === 0) return noFaults;
  const all = wanted.map((fault) => ({ fault, left: fault.phases ?? 1, last: '' }));
  return (point, { step, phase }) => {
    const here = `${step} ${phase}`;
    const found = all.find(({ fault, left, last }) => {
      if (fault.point !== point || (fault.phase ?? phase) !== phase) return false;
      // A phase has a gradient of every shard; the other points it passes once, and again only when it is computed again.
      if (last === here && point === 'gradient') return true;
      return left > 0 && (last !== '' || (fault.step ?? step) === step);
    });
    if (found === undefined) return undefined;
    const { action } = found.fault;
    if (found.last !== here) {
      found.left -= 1;
      found.last = here;
      writeSync(2, `${faultSign}: ${action} at ${point}, step ${step} phase ${phase}\n`);
    }
    if (action === 'kill') process.kill(process.pid, 'SIGKILL');
    else if (action === 'stop') process.kill(process.pid, 'SIGSTOP');
    else return action;
    return undefined;
  };
}
