/**
 * The matrices of a one-dimensional Winograd (Cook-Toom) convolution F(m, r): m outputs of an r-tap filter from
 * m + r - 1 inputs with as many multiplications, y = At [(G g) * (Bt d)] (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2016).
 */

/** Row-major matrices; n = m + r - 1. */
export interface WinogradMatrices {
  /** Outputs of a tile. */
  readonly m: number;
  /** Taps of the filter. */
  readonly r: number;
  /** Multiplications: inputs of a tile. */
  readonly n: number;
  /** m x n */
  readonly at: readonly number[][];
  /** n x r */
  readonly g: readonly number[][];
  /** n x n */
  readonly bt: readonly number[][];
}

/** Points of evaluation in the order in which they are taken; the last one of every algorithm is infinity. */
const POINTS = [0, 1, -1, 2, -2, 1 / 2, -1 / 2];

/**
 * F(m, r) on the first m + r - 2 points and infinity.
 *
 * With polynomials over the points p: A holds the powers of the points, row j of G the powers of p_j divided by
 * prod over k of (p_j - p_k), and row j of Bt the coefficients of prod over k of (x - p_k), k other than j; the row of
 * infinity is the product over all points.
 */
export function winogradMatrices(m: number, r: number): WinogradMatrices {
  const n = m + r - 1;
  if (n - 1 > POINTS.length) throw new Error(`F(${m}, ${r}) needs more than ${POINTS.length} points`);
  const points = POINTS.slice(0, n - 1);
  const at = Array.from({ length: m }, (_, i) => [...points.map((p) => p ** i), i === m - 1 ? 1 : 0]);
  const g = points.map((p, j) => {
    const scale = others(points, j).reduce((product, other) => product * (p - other), 1);
    return Array.from({ length: r }, (_, k) => p ** k / scale);
  });
  g.push(Array.from({ length: r }, (_, k) => (k === r - 1 ? 1 : 0)));
  const bt = points.map((_, j) => [...coefficients(others(points, j)), 0]);
  bt.push(coefficients(points));
  return { m, r, n, at, g, bt };
}

export function transpose(matrix: readonly number[][]): number[][] {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}

/** The product that does to [rows, columns] what `a` does to rows and `b` to columns. */
export function kronecker(a: readonly number[][], b: readonly number[][]): number[][] {
  return a.flatMap((rowOfA) => b.map((rowOfB) => rowOfA.flatMap((x) => rowOfB.map((y) => x * y))));
}

function others(points: readonly number[], j: number): number[] {
  return points.filter((_, k) => k !== j);
}

/** Coefficients of prod (x - root), the constant first. */
function coefficients(roots: readonly number[]): number[] {
  return roots.reduce(
    (product, root) =>
      Array.from({ length: product.length + 1 }, (_, i) => (product[i - 1] ?? 0) - root * (product[i] ?? 0)),
    [1],
  );
}
