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

/**
 * Points to evaluate at, by their number: among small fractions, those with the smallest errors in all three passes that a
 * search found. Symmetric ones share products, and a point and its inverse keep the matrices' elements small.
 */
const POINTS: Readonly<Record<number, readonly number[]>> = {
  5: [0, 3 / 4, -3 / 4, 3, -3],
  6: [0, 3 / 4, -3 / 4, 3 / 2, -3 / 2, Infinity],
  7: [0, 1 / 2, -1 / 2, 4 / 3, -4 / 3, 4, -4],
  8: [0, 1, -1, 2, -2, 1 / 2, -1 / 2, Infinity],
  9: [0, 2 / 5, -2 / 5, 1, -1, 4 / 3, -4 / 3, 3, -3],
};

/**
 * F(m, r), for m + r - 1 from 5 to 9.
 *
 * With polynomials over the points p: A holds the powers of the points, row j of G the powers of p_j divided by
 * prod over k of (p_j - p_k), and row j of Bt the coefficients of prod over k of (x - p_k), k other than j and p_k finite;
 * infinity takes the highest powers and the product over all finite points.
 */
export function winogradMatrices(m: number, r: number): WinogradMatrices {
  const n = m + r - 1;
  const points = POINTS[n];
  if (!points) throw new Error(`there are no points for F(${m}, ${r})`);
  const othersOf = (j: number): number[] => points.filter((p, k) => k !== j && Number.isFinite(p));
  const powers = (p: number, length: number): number[] =>
    Array.from({ length }, (_, i) => (Number.isFinite(p) ? p ** i : Number(i === length - 1)));
  const g = points.map((p, j) => {
    const scale = Number.isFinite(p) ? othersOf(j).reduce((product, other) => product * (p - other), 1) : 1;
    return powers(p, r).map((power) => power / scale);
  });
  const bt = points.map((_, j) => {
    const row = coefficients(othersOf(j));
    return [...row, ...new Array<number>(n - row.length).fill(0)];
  });
  return { m, r, n, at: transpose(points.map((p) => powers(p, m))), g, bt };
}

export function transpose(matrix: readonly number[][]): number[][] {
  return matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
}

/** The product that does to [rows, columns] what `a` does to rows and `b` to columns. */
export function kronecker(a: readonly number[][], b: readonly number[][]): number[][] {
  return a.flatMap((rowOfA) => b.map((rowOfB) => rowOfA.flatMap((x) => rowOfB.map((y) => x * y))));
}

/** Coefficients of prod (x - root), the constant first. */
function coefficients(roots: readonly number[]): number[] {
  return roots.reduce(
    (product, root) =>
      Array.from({ length: product.length + 1 }, (_, i) => (product[i - 1] ?? 0) - root * (product[i] ?? 0)),
    [1],
  );
}
