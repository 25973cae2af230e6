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
  step: z.number().int(),
  phase: z.number().int().optional(),
  /** nan: the gradient becomes NaN; flip: a bit of a weight flips. */
  action: z.enum(['kill', 'stop', 'nan', 'flip']),
  /** Phases in a row that it happens in. */
  times: z.number().int().min(1).optional(),
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
  const left = wanted.map((fault) => ({ ...fault, times: fault.times ?? 1 }));
  return (point, { step, phase }) => {
    const fault = left.find(
      (f) => f.times > 0 && f.point === point && step >= f.step && (f.phase ?? phase) === phase,
    );
    // It happens in the step that was named, and, where it happens more often, in those after it.
    if (fault === undefined || (step > fault.step && (fault.times ?? 1) === 1)) return undefined;
    fault.times -= 1;
    writeSync(2, `${faultSign}: ${fault.action} at ${point}, step ${step} phase ${phase}\n`);
    if (fault.action === 'kill') process.kill(process.pid, 'SIGKILL');
    else if (fault.action === 'stop') process.kill(process.pid, 'SIGSTOP');
    else return fault.action;
    return undefined;
  };
}
