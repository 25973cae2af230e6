import { initialTriple, type Triple } from '@gan-train/rpc';

/** What a state is here: a hash in place of tensors, and where it came from. It never changes; a commit makes another. */
export interface State {
  triple: Triple;
  hash: number;
  /** A bit was flipped in it, or in what it was computed from: only the guard finds that. */
  isTainted: boolean;
  /** Of the step that is half done. */
  dLoss: number;
  /** Rows of the steps that led here, the last one first. */
  rows: RowList | undefined;
}

export interface RowList {
  step: number;
  dLoss: number;
  gLoss: number;
  before: RowList | undefined;
}

export interface Place {
  step: number;
  phase: number;
}

/** 53 bits of all parts (cyrb53's mixing): equal chains have equal hashes, others practically never. */
export function hashOf(...parts: readonly number[]): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (const part of parts) {
    const low = part | 0;
    const high = (part / 2 ** 32) | 0;
    a = Math.imul(a ^ low, 2654435761);
    b = Math.imul(b ^ low, 1597334677);
    a = Math.imul(a ^ high ^ (b >>> 13), 2246822507);
    b = Math.imul(b ^ high ^ (a >>> 16), 3266489909);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return 2 ** 32 * (b & 0x1fffff) + (a >>> 0);
}

export const initialState = (seed: number): State => ({
  triple: initialTriple,
  hash: hashOf(seed),
  isTainted: false,
  dLoss: 0,
  rows: undefined,
});

/** The gradient of a phase from states with these hashes; `by` is the generation where that matters. */
export const gradientOf = (parents: readonly number[], { step, phase }: Place, by: number): number =>
  parents.every((parent) => parent === parents[0])
    ? hashOf(parents[0] ?? 0, step, phase, by)
    : hashOf(...parents, step, phase, by);

export function stateAfter(before: State, gradient: number, triple: Triple, isTainted: boolean): State {
  const { step, phase } = triple.position;
  const hash = hashOf(before.hash, gradient);
  if (phase === 0) return { triple, hash, isTainted, dLoss: gradient, rows: before.rows };
  const row = { step, dLoss: before.dLoss, gLoss: gradient, before: before.rows };
  return { triple, hash, isTainted, dLoss: 0, rows: row };
}

export const nextPlace = ({ step, phase }: Place): Place =>
  phase === 0 ? { step, phase: 1 } : { step: step + 1, phase: 0 };

export const keyOfTriple = ({ generation: { term, n }, position: { step, phase } }: Triple): string =>
  `${term}.${n}.${step}.${phase}`;

export const nameOfTriple = (triple: Triple): string => {
  const { generation, position } = triple;
  return `(${generation.term}.${generation.n}, ${position.step}${position.phase === 0 ? 'd' : 'g'})`;
};

/** What a run to which nothing happens passes through: states by twice the step plus the phase. */
export function undisturbedStates(seed: number, steps: number): State[] {
  const initial = initialState(seed);
  const states: State[] = [initial, initial];
  for (
    let last = initial, place = nextPlace(initial.triple.position);
    place.step <= steps;
    place = nextPlace(place)
  ) {
    last = stateAfter(last, gradientOf([last.hash], place, 0), { ...last.triple, position: place }, false);
    states.push(last);
  }
  return states;
}

export const indexOfPlace = ({ step, phase }: Place): number => 2 * step + phase;
