/** Where a step's milliseconds went, besides `other`. */
const parts = ['trace', 'graph', 'copy', 'adam', 'reduce'] as const;
export type StepPart = (typeof parts)[number];

/** The message of the log line, at level debug, that holds a step's profile. */
export const stepMessage = 'step';

export type StepMs = Record<StepPart | 'other' | 'step', number>;

export interface StepProfile {
  add(part: StepPart, ms: number): void;
  /** The profile of a step that took `stepMs`; the next one begins. */
  end(stepMs: number): StepMs;
}

export function createStepProfile(): StepProfile {
  let ms = emptyParts();
  return {
    add(part, more) {
      ms[part] += more;
    },
    end(stepMs) {
      const ended = ms;
      ms = emptyParts();
      const known = parts.reduce((sum, part) => sum + ended[part], 0);
      return { step: stepMs, ...ended, other: stepMs - known };
    },
  };
}

const emptyParts = (): Record<StepPart, number> => ({ trace: 0, graph: 0, copy: 0, adam: 0, reduce: 0 });
