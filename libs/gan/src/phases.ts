/**
 * The gradients of one shard, one function a phase. The results lie in a flat buffer, laid out by `PhaseLayout`, ready
 * to be summed over the shards.
 */
import * as tf from '@tensorflow/tfjs-core';
import { copyFloats } from './copy-floats.js';
import { engineRunMs, flushEngine, tensorOfItems } from './engine.js';
import { discriminateByBatch, generateByBatch } from './forward.js';
import type { PhaseLayout } from './layout.js';
import { lossFromLogits, meanProbability } from './losses.js';
import type { Gan } from './model.js';

/** Where the milliseconds of a shard's gradients went. */
export interface ShardTimes {
  /** Recording and planning graphs: what TensorFlow.js costs. An engine that is not lazy computes meanwhile, so it has none. */
  trace: number;
  /** Computing. */
  graph: number;
  /** Copying the results. */
  copy: number;
}

/** Elements that are copied before anyone is told: few enough to be in a core's cache still when they are read again. */
const elementsAtOnce = 65_536;

/** Told, while the results are copied, how many elements of the buffer are final, from the first one on. */
export type OnWritten = (elements: number) => void;

/** Takes a value that rides along with the gradients; of several values of one name the average counts. */
type Report = (name: string, value: tf.Tensor) => void;

/**
 * The discriminator's gradients on one shard: means over its items. The fakes are what G, in training mode, makes of
 * `noise`; G's batch statistics are dropped.
 *
 * `seed`: one batch of 2b, the reals first, the loss averaged over all 2b. `dcgan`: reals and fakes have batch statistics of
 * their own, of which the average is reported; the loss is the sum of the two means.
 *
 * @param shard images [b, size, size, channels] in -1..1, noise [b, latentDim]
 * @param out of `gan.phases.d.length` elements, all of which are written
 */
export function discriminatorShardGradients(
  gan: Gan,
  shard: { images: Float32Array; noise: Float32Array },
  out: Float32Array,
  onWritten: OnWritten = () => undefined,
): ShardTimes {
  const watch = createWatch();
  tf.tidy(() => {
    const real = tensorOfItems(shard.images, [gan.options.size, gan.options.size, gan.options.channels]);
    const noise = tensorOfItems(shard.noise, [gan.options.latentDim]);
    if (real.shape[0] !== noise.shape[0]) {
      throw new Error(
        `a shard of ${real.shape[0]} images needs as many noise vectors, not ${noise.shape[0]}`,
      );
    }
    // Of G's layers only the last one's output is kept: a lazy engine would store every tensor that is still alive.
    const fake = tf.tidy(() => generateByBatch(gan, noise, () => undefined));
    writeGradients(gan, gan.phases.d, { out, onWritten, watch }, (report) => {
      const [ofReal, ofFake] = logitsOfBoth(gan, real, fake, report);
      report('real', meanProbability(ofReal));
      report('fake', meanProbability(ofFake));
      const sum = tf.add<tf.Scalar>(lossFromLogits(ofReal, 'real'), lossFromLogits(ofFake, 'fake'));
      return gan.options.preset === 'seed' ? tf.mul(sum, 0.5) : sum;
    });
  });
  return watch.times();
}

/**
 * The generator's gradients on one shard, through the discriminator as it stands, in training mode: means over the
 * items. D's batch statistics are dropped.
 *
 * @param shard noise [b, latentDim]
 * @param out of `gan.phases.g.length` elements, all of which are written
 */
export function generatorShardGradients(
  gan: Gan,
  shard: { noise: Float32Array },
  out: Float32Array,
  onWritten: OnWritten = () => undefined,
): ShardTimes {
  const watch = createWatch();
  tf.tidy(() => {
    const noise = tensorOfItems(shard.noise, [gan.options.latentDim]);
    writeGradients(gan, gan.phases.g, { out, onWritten, watch }, (report) => {
      const logits = discriminateByBatch(gan, generateByBatch(gan, noise, report), () => undefined);
      report('fake', meanProbability(logits));
      return lossFromLogits(logits, 'real');
    });
  });
  return watch.times();
}

/** D's logits of reals and fakes, [b, 1] each. One batch of both costs less than two; only batch statistics tell them apart. */
function logitsOfBoth(gan: Gan, real: tf.Tensor, fake: tf.Tensor, report: Report): [tf.Tensor, tf.Tensor] {
  const { preset, batchNorm } = gan.options;
  if (preset === 'dcgan' && batchNorm) {
    return [discriminateByBatch(gan, real, report), discriminateByBatch(gan, fake, report)];
  }
  return tf.split(discriminateByBatch(gan, tf.concat([real, fake]), report), 2) as [tf.Tensor, tf.Tensor];
}

/**
 * Differentiates `computeLoss` with respect to the phase's own network only, and writes gradients, statistics and
 * scalars to `out`. To be called in a tidy.
 *
 * A lazy engine has everything pending until the one flush, and so computes the whole phase as one graph.
 */
function writeGradients(
  gan: Gan,
  layout: PhaseLayout,
  { out, onWritten, watch }: { out: Float32Array; onWritten: OnWritten; watch: Watch },
  computeLoss: (report: Report) => tf.Scalar,
): void {
  if (out.length !== layout.length) {
    throw new Error(`phase ${layout.phase} fills ${layout.length} elements, not ${out.length}`);
  }
  const { trainable, running, length } = layout.network;
  const variables = gan.variables[layout.network.network];
  const reported = new Map<string, tf.Tensor[]>();
  const { value, grads } = tf.variableGrads(
    () => computeLoss((name, tensor) => reported.set(name, [...(reported.get(name) ?? []), tf.keep(tensor)])),
    trainable.map((spec) => variables.get(spec.name)!),
  );
  const averages = new Map([...reported].map(([name, tensors]) => [name, takeAverage(tensors)]));
  averages.set('loss', value);
  flushEngine();
  watch.computed();
  const write = (tensor: tf.Tensor, offset: number): void => {
    const values = tensor.dataSync<'float32'>();
    for (let at = 0; at < values.length; at += elementsAtOnce) {
      const piece = values.subarray(at, at + elementsAtOnce);
      copyFloats(out, offset + at, piece);
      onWritten(offset + at + piece.length);
    }
  };
  for (const spec of trainable) write(grads[variables.get(spec.name)!.name]!, spec.offset);
  for (const spec of running) write(averages.get(spec.name)!, spec.offset);
  layout.scalars.forEach((name, i) => write(averages.get(name)!, length + i));
}

interface Watch {
  /** To be called once when all is computed, and nothing copied. */
  computed(): void;
  /** To be called when all is over. */
  times(): ShardTimes;
}

function createWatch(): Watch {
  const [startMs, runMs] = [performance.now(), engineRunMs()];
  let [computedMs, graph] = [startMs, 0];
  return {
    computed() {
      computedMs = performance.now();
      graph = runMs === undefined ? computedMs - startMs : engineRunMs()! - runMs;
    },
    times: () => ({ trace: computedMs - startMs - graph, graph, copy: performance.now() - computedMs }),
  };
}

/** The mean of tensors that were kept, which are disposed of. */
function takeAverage(kept: tf.Tensor[]): tf.Tensor {
  const average = tf.mul(kept.length === 1 ? kept[0]! : tf.addN(kept), 1 / kept.length);
  tf.dispose(kept);
  return average;
}
