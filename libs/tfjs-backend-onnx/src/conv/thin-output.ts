/**
 * Convolutions of stride 1 to an image of very few channels. Such a convolution is the input gradient of another one, with the
 * filter turned by half a turn, whose input is the thin side; so thin-input.ts computes it.
 */
import { plainName, plainValue } from '../emit/value.js';
import type { GraphValue } from '../emit/value.js';
import type { GraphWriter } from '../emit/writer.js';
import type { ConvAlgorithm } from './algorithm.js';
import { uncovered } from './geometry.js';
import type { ConvGeometry } from './geometry.js';
import { thinInputConvolution } from './thin-input.js';

export const thinOutputConvolution: ConvAlgorithm = {
  forward(writer, geometry, x, filter, bias) {
    const turned = turnedFilter(writer, geometry, filter);
    const y = thinInputConvolution.inputGradient(writer, turnedGeometry(geometry), x, turned);
    if (!bias) return y;
    const name = writer.op('Add', [plainName(writer, y), plainName(writer, bias)]);
    return plainValue(name, y.shape, 'float32');
  },

  inputGradient(writer, geometry, dy, filter) {
    const turned = turnedFilter(writer, geometry, filter);
    return thinInputConvolution.forward(writer, turnedGeometry(geometry), dy, turned, undefined);
  },

  filterGradient(writer, geometry, x, dy) {
    const other = turnedGeometry(geometry);
    const dw = thinInputConvolution.filterGradient(writer, other, dy, x);
    return emitTurned(writer, other, dw);
  },
};

/** The convolution that leads from the output back to the input. */
function turnedGeometry(geometry: ConvGeometry): ConvGeometry {
  const { filter, dilations, padBefore, padAfter } = geometry;
  const rest = uncovered(geometry);
  const reach = (axis: 0 | 1): number => (filter[axis] - 1) * dilations[axis];
  return {
    ...geometry,
    input: geometry.output,
    output: geometry.input,
    inChannels: geometry.outChannels,
    outChannels: geometry.inChannels,
    padBefore: [reach(0) - padBefore[0], reach(1) - padBefore[1]],
    padAfter: [reach(0) - padAfter[0] + rest[0], reach(1) - padAfter[1] + rest[1]],
  };
}

function turnedFilter(writer: GraphWriter, geometry: ConvGeometry, filter: GraphValue): GraphValue {
  const { filter: size, inChannels, outChannels } = geometry;
  const name = writer.once(`turned ${plainName(writer, filter)}`, () =>
    plainName(writer, emitTurned(writer, geometry, filter)),
  );
  return plainValue(name, [...size, outChannels, inChannels], 'float32');
}

/** [h, w, a, b] to [h, w, b, a] with both spatial axes reversed. */
function emitTurned(writer: GraphWriter, geometry: ConvGeometry, filter: GraphValue): GraphValue {
  const { filter: size, inChannels, outChannels } = geometry;
  const taps = size[0] * size[1];
  const flat = writer.reshape(plainName(writer, filter), [taps, inChannels, outChannels]);
  const reversed = writer.op(
    'Gather',
    [flat, writer.numbers([...Array(taps).keys()].reverse(), [taps], 'int32')],
    {
      axis: 0,
    },
  );
  const turned = writer.op('Transpose', [reversed], { perm: [0, 2, 1] });
  const shape = [...size, outChannels, inChannels];
  return plainValue(writer.reshape(turned, shape), shape, 'float32');
}
