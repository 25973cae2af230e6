/**
 * Reverse-mode differentiation in float64 by naive loops: the yardstick for the models' gradients. It is written from
 * the operations' definitions and shares nothing with the models. Arrays are channels-last.
 */

/** A value of the tape, and the gradient of the loss with respect to it once `backward` has run. */
export interface Value {
  shape: number[];
  data: Float64Array;
  gradient: Float64Array;
}

export type Tape = ReturnType<typeof createTape>;

/** Operations that remember how to go back. One tape serves one forward and one backward pass. */
export function createTape() {
  const steps: (() => void)[] = [];

  const make = (shape: number[], data: ArrayLike<number>): Value => ({
    shape,
    data: Float64Array.from(data),
    gradient: new Float64Array(data.length),
  });

  /** y from x, element by element; `slope` from x's and y's element. */
  const map = (x: Value, f: (x: number) => number, slope: (x: number, y: number) => number): Value => {
    const y = make(x.shape, x.data.map(f));
    steps.push(() => {
      y.gradient.forEach((dy, i) => (x.gradient[i]! += dy * slope(x.data[i]!, y.data[i]!)));
    });
    return y;
  };

  /** y[o] += x[i] w[k] for all the triples that `visit` names: every linear layer is of this form. */
  const bilinear = (
    x: Value,
    w: Value,
    shape: number[],
    visit: (term: (o: number, i: number, k: number) => void) => void,
  ): Value => {
    const y = make(shape, new Float64Array(shape.reduce((a, b) => a * b)));
    visit((o, i, k) => (y.data[o]! += x.data[i]! * w.data[k]!));
    steps.push(() => {
      visit((o, i, k) => {
        x.gradient[i]! += y.gradient[o]! * w.data[k]!;
        w.gradient[k]! += y.gradient[o]! * x.data[i]!;
      });
    });
    return y;
  };

  return {
    make,
    map,

    matMul(x: Value, w: Value): Value {
      const [rows, inner] = x.shape as [number, number];
      const columns = w.shape[1]!;
      return bilinear(x, w, [rows, columns], (term) => {
        for (let r = 0; r < rows; r++)
          for (let k = 0; k < inner; k++)
            for (let c = 0; c < columns; c++) term(r * columns + c, r * inner + k, k * columns + c);
      });
    },

    /** 5 x 5, `same`: what is left over of the padding goes below and to the right. w is [5, 5, in, out]. */
    convolve(x: Value, w: Value, stride: number): Value {
      const [count, size, , depth] = x.shape as [number, number, number, number];
      const filters = w.shape[3]!;
      const outSize = Math.ceil(size / stride);
      const before = Math.floor(Math.max(0, (outSize - 1) * stride + 5 - size) / 2);
      return bilinear(x, w, [count, outSize, outSize, filters], (term) => {
        for (let n = 0; n < count; n++)
          for (let oy = 0; oy < outSize; oy++)
            for (let ox = 0; ox < outSize; ox++)
              for (let ky = 0; ky < 5; ky++)
                for (let kx = 0; kx < 5; kx++) {
                  const [iy, ix] = [oy * stride + ky - before, ox * stride + kx - before];
                  if (iy < 0 || ix < 0 || iy >= size || ix >= size) continue;
                  for (let c = 0; c < depth; c++)
                    for (let f = 0; f < filters; f++)
                      term(
                        ((n * outSize + oy) * outSize + ox) * filters + f,
                        ((n * size + iy) * size + ix) * depth + c,
                        ((ky * 5 + kx) * depth + c) * filters + f,
                      );
                }
      });
    },

    /** 5 x 5, stride 2, `same`, as Keras: y[2i + k - 1] += x[i] w[k]. w is [5, 5, out, in]. */
    convolveTransposed(x: Value, w: Value): Value {
      const [count, size, , depth] = x.shape as [number, number, number, number];
      const filters = w.shape[2]!;
      const outSize = 2 * size;
      return bilinear(x, w, [count, outSize, outSize, filters], (term) => {
        for (let n = 0; n < count; n++)
          for (let iy = 0; iy < size; iy++)
            for (let ix = 0; ix < size; ix++)
              for (let ky = 0; ky < 5; ky++)
                for (let kx = 0; kx < 5; kx++) {
                  const [oy, ox] = [2 * iy + ky - 1, 2 * ix + kx - 1];
                  if (oy < 0 || ox < 0 || oy >= outSize || ox >= outSize) continue;
                  for (let f = 0; f < filters; f++)
                    for (let c = 0; c < depth; c++)
                      term(
                        ((n * outSize + oy) * outSize + ox) * filters + f,
                        ((n * size + iy) * size + ix) * depth + c,
                        ((ky * 5 + kx) * filters + f) * depth + c,
                      );
                }
      });
    },

    addBias(x: Value, bias: Value): Value {
      const y = make(
        x.shape,
        x.data.map((value, i) => value + bias.data[i % bias.data.length]!),
      );
      steps.push(() => {
        y.gradient.forEach((dy, i) => {
          x.gradient[i]! += dy;
          bias.gradient[i % bias.data.length]! += dy;
        });
      });
      return y;
    },

    /** By the batch's mean and variance, one channel after the other; the gradient goes through each of both. */
    normalize(x: Value, gamma: Value, beta: Value, epsilon: number) {
      const channels = gamma.data.length;
      const count = x.data.length / channels;
      const mean = new Float64Array(channels);
      const variance = new Float64Array(channels);
      x.data.forEach((value, i) => (mean[i % channels]! += value / count));
      x.data.forEach((value, i) => (variance[i % channels]! += (value - mean[i % channels]!) ** 2 / count));
      const deviation = variance.map((value) => Math.sqrt(value + epsilon));
      const unit = x.data.map((value, i) => (value - mean[i % channels]!) / deviation[i % channels]!);
      const y = make(
        x.shape,
        unit.map((value, i) => value * gamma.data[i % channels]! + beta.data[i % channels]!),
      );
      steps.push(() => {
        const dVariance = new Float64Array(channels);
        const dMean = new Float64Array(channels);
        y.gradient.forEach((dy, i) => {
          const c = i % channels;
          gamma.gradient[c]! += dy * unit[i]!;
          beta.gradient[c]! += dy;
          const dUnit = dy * gamma.data[c]!;
          dMean[c]! -= dUnit / deviation[c]!;
          dVariance[c]! -= (dUnit * (x.data[i]! - mean[c]!)) / (2 * deviation[c]! ** 3);
        });
        y.gradient.forEach((dy, i) => {
          const c = i % channels;
          const throughVariance = (dVariance[c]! * 2 * (x.data[i]! - mean[c]!)) / count;
          x.gradient[i]! += (dy * gamma.data[c]!) / deviation[c]! + dMean[c]! / count + throughVariance;
        });
      });
      return { y, mean, variance };
    },

    /** Maxima of 2 x 2 fields. */
    pool(x: Value): Value {
      const [count, size, , depth] = x.shape as [number, number, number, number];
      const half = size / 2;
      const winners: number[] = [];
      for (let n = 0; n < count; n++)
        for (let oy = 0; oy < half; oy++)
          for (let ox = 0; ox < half; ox++)
            for (let c = 0; c < depth; c++) {
              const field = [0, 1, 2, 3].map(
                (k) => ((n * size + 2 * oy + (k >> 1)) * size + 2 * ox + (k & 1)) * depth + c,
              );
              winners.push(field.reduce((best, i) => (x.data[i]! > x.data[best]! ? i : best)));
            }
      const y = make(
        [count, half, half, depth],
        winners.map((i) => x.data[i]!),
      );
      steps.push(() => winners.forEach((winner, o) => (x.gradient[winner]! += y.gradient[o]!)));
      return y;
    },

    reshape(x: Value, shape: number[]): Value {
      return { ...x, shape };
    },

    /** One batch after the other. */
    concatenate(a: Value, b: Value): Value {
      const y = make([a.shape[0]! + b.shape[0]!, ...a.shape.slice(1)], [...a.data, ...b.data]);
      steps.push(() => {
        a.data.forEach((_, i) => (a.gradient[i]! += y.gradient[i]!));
        b.data.forEach((_, i) => (b.gradient[i]! += y.gradient[a.data.length + i]!));
      });
      return y;
    },

    /** Sets the gradient of each of these values' sum to `weights`, and goes back to everything that made them. */
    backward(values: Value, weights: ArrayLike<number>): void {
      values.gradient.set(weights);
      for (const step of steps.reverse()) step();
    },
  };
}
