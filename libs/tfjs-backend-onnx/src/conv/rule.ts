/** Which way to compute a convolution is taken. */
import type { ConvAlgorithmName } from './algorithm.js';
import type { ConvGeometry } from './geometry.js';
import { tapsOf, tilingOf } from './winograd/tiling.js';

/** Channels up to which a side counts as thin: pixels of so few numbers are slow to move one by one. */
const mostThinChannels = 4;
/** Transforming a filter and back costs as much as the products of so many tiles. */
const tilesOfAFilter = 30;
/** Elements of what is held between the steps of an algorithm, 1 GiB, beyond which ONNX Runtime's own is taken. */
const mostHeldElements = 2 ** 28;

/**
 * The way to compute a convolution and its gradients: a fixed function of its shapes, never of a measurement at run time.
 * bench/conv-algorithms.mjs measures what the rule was made from.
 */
export function decideConvAlgorithm(geometry: ConvGeometry): ConvAlgorithmName {
  const preferred = preferredAlgorithm(geometry);
  const isLarge = heldElements(preferred, geometry) > mostHeldElements;
  return isLarge && suitsAlgorithm('direct', geometry) ? 'direct' : preferred;
}

function preferredAlgorithm(geometry: ConvGeometry): ConvAlgorithmName {
  if (geometry.inChannels <= mostThinChannels) return 'thinInput';
  if (geometry.outChannels <= mostThinChannels && suitsAlgorithm('thinOutput', geometry)) return 'thinOutput';
  const thick = (['winograd4', 'winograd7', 'im2col'] as const).filter((name) =>
    suitsAlgorithm(name, geometry),
  );
  return thick.reduce((best, name) => (costOf(name, geometry) < costOf(best, geometry) ? name : best));
}

type WinogradName = 'winograd4' | 'winograd7';
const tileSizes: Record<WinogradName, number> = { winograd4: 4, winograd7: 7 };
const tilesOf = (name: WinogradName, geometry: ConvGeometry) => tilingOf(geometry, tileSizes[name]);

/** Multiplications for each pair of an input and an output channel. */
function costOf(name: WinogradName | 'im2col', geometry: ConvGeometry): number {
  const { batch, output, filter } = geometry;
  if (name === 'im2col') return batch * output[0] * output[1] * filter[0] * filter[1];
  const { places, phases, tiles } = tilesOf(name, geometry);
  return places * phases * (tiles + tilesOfAFilter);
}

/** The largest of the matrices of one convolution. */
function heldElements(algorithm: ConvAlgorithmName, geometry: ConvGeometry): number {
  const { batch, input, output, filter, inChannels, outChannels } = geometry;
  const [inputs, outputs] = [input, output].map(([height, width]) => batch * height * width) as [
    number,
    number,
  ];
  const taps = filter[0] * filter[1];
  switch (algorithm) {
    case 'winograd4':
    case 'winograd7': {
      const { tiles, places, phases } = tilesOf(algorithm, geometry);
      return places * tiles * Math.max(phases * inChannels, outChannels);
    }
    case 'im2col':
    case 'thinInput':
      return taps * outputs * inChannels;
    case 'thinOutput':
      return taps * inputs * outChannels;
    case 'direct':
      return 0;
  }
}

/** Whether an algorithm can compute a convolution at all. */
export function suitsAlgorithm(algorithm: ConvAlgorithmName, geometry: ConvGeometry): boolean {
  const { filter, strides, dilations } = geometry;
  switch (algorithm) {
    case 'winograd4':
    case 'winograd7': {
      // There are points for so many taps a phase; with one tap there is nothing to save.
      const most = algorithm === 'winograd4' ? 5 : 3;
      const taps = filter.map((size, axis) => tapsOf(size, strides[axis]!));
      return dilations.every((dilation) => dilation === 1) && taps.every((r) => r > 1 && r <= most);
    }
    case 'thinOutput':
      // The way back from the output is a convolution too.
      return strides.every((stride) => stride === 1) && everyPositionReaches(geometry);
    case 'direct':
      return everyPositionReaches(geometry);
    case 'im2col':
    case 'thinInput':
      return true;
  }
}

/** Whether no position of the filter sees nothing but padding. */
function everyPositionReaches({ filter, dilations, padBefore, padAfter }: ConvGeometry): boolean {
  return filter.every((size, axis) => {
    const reach = (size - 1) * dilations[axis]!;
    return padBefore[axis]! <= reach && padAfter[axis]! <= reach;
  });
}
