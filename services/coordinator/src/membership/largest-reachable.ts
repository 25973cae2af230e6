import { isFurther, type TrainerView } from './view.js';

/** Up to so many trainers with a broken connection all sets are tried; of more the one with most of them goes, again and again. */
const mostTried = 12;

/**
 * The largest set of trainers of which no two are a broken pair, by incarnation. Ties go to the set with the furthest state, then
 * to that of the trainer that came first.
 */
export function largestReachable(
  trainers: readonly Pick<TrainerView, 'incarnation' | 'state'>[],
  broken: readonly (readonly [string, string])[],
  exact: boolean,
): Set<string> {
  const touched = trainers.filter(({ incarnation }) => broken.some((pair) => pair.includes(incarnation)));
  const untouched = trainers.filter((trainer) => !touched.includes(trainer));
  const kept =
    touched.length <= mostTried ? bestSubset(touched, broken, exact) : greedySubset(touched, broken);
  return new Set([...untouched, ...kept].map(({ incarnation }) => incarnation));
}

type Candidate = Pick<TrainerView, 'incarnation' | 'state'>;

function bestSubset(
  touched: readonly Candidate[],
  broken: readonly (readonly [string, string])[],
  exact: boolean,
): Candidate[] {
  let best: Candidate[] = [];
  for (let bits = 1; bits < 2 ** touched.length; bits++) {
    const subset = touched.filter((_, i) => (bits >> i) & 1);
    if (subset.length < best.length || !isWhole(subset, broken)) continue;
    if (subset.length > best.length || isBetter(subset, best, touched, exact)) best = subset;
  }
  return best;
}

const isWhole = (subset: readonly Candidate[], broken: readonly (readonly [string, string])[]): boolean =>
  !broken.some((pair) => pair.every((incarnation) => subset.some((t) => t.incarnation === incarnation)));

function isBetter(
  a: readonly Candidate[],
  b: readonly Candidate[],
  order: readonly Candidate[],
  exact: boolean,
): boolean {
  const furthest = (set: readonly Candidate[]): Candidate =>
    set.reduce((x, y) => (isFurther(y.state, x.state, exact) ? y : x));
  const [left, right] = [furthest(a), furthest(b)];
  if (isFurther(left.state, right.state, exact)) return true;
  if (isFurther(right.state, left.state, exact)) return false;
  const first = (set: readonly Candidate[]): number =>
    order.findIndex((candidate) => set.includes(candidate));
  return first(a) < first(b);
}

function greedySubset(
  touched: readonly Candidate[],
  broken: readonly (readonly [string, string])[],
): Candidate[] {
  const kept = [...touched];
  for (;;) {
    const degree = ({ incarnation }: Candidate): number =>
      broken.filter(
        (pair) => pair.includes(incarnation) && pair.every((i) => kept.some((t) => t.incarnation === i)),
      ).length;
    // Of equals the youngest goes.
    const worst = kept.reduceRight((a, b) => (degree(b) > degree(a) ? b : a));
    if (degree(worst) === 0) return kept;
    kept.splice(kept.indexOf(worst), 1);
  }
}
