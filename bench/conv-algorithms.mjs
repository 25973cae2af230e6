// Times every way to compute a convolution on a list of shapes, alternating, one thread; the rule in
// libs/tfjs-backend-onnx/src/conv/rule.ts was made from its output:
//
//   npm run build && node bench/conv-algorithms.mjs [--rounds 7] [--shape 32,16,128,256,1,5]...
//
// A shape is batch, height and width, input channels, output channels, stride, filter. The time is that of output and both
// gradients in one graph, as in training, and the smallest of the rounds, as processes beside it only ever add.
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { convAlgorithms } from '../libs/tfjs-backend-onnx/dist/conv/algorithm.js';
import { convGeometryFromShapes } from '../libs/tfjs-backend-onnx/dist/conv/geometry.js';
import { decideConvAlgorithm, suitsAlgorithm } from '../libs/tfjs-backend-onnx/dist/conv/rule.js';
import { plainName, plainValue } from '../libs/tfjs-backend-onnx/dist/emit/value.js';
import { GraphWriter } from '../libs/tfjs-backend-onnx/dist/emit/writer.js';
import { createSession, tensorFromValues } from '../libs/tfjs-backend-onnx/dist/onnx/binding.js';
import { modelFromGraph } from '../libs/tfjs-backend-onnx/dist/onnx/model.js';

const trainingShapes = [
  // The seed preset at 32 px, batch 16: D on 32 and on 16 images, then G.
  '32,32,3,128,1,5',
  '32,16,128,256,1,5',
  '32,8,256,512,1,5',
  '16,16,128,256,1,5',
  '16,8,256,512,1,5',
  '16,8,256,256,2,5',
  '16,16,128,256,2,5',
  '16,32,64,128,2,5',
  '16,32,64,3,1,5',
  // The dcgan preset on MNIST, batch 64.
  '64,28,1,64,2,5',
  '64,14,64,128,2,5',
  // Few tiles, few channels, other filters.
  '2,8,256,512,1,5',
  '8,8,256,512,1,5',
  '4,14,64,128,2,5',
  '4,16,64,128,1,5',
  '32,16,8,16,1,5',
  '32,16,32,32,1,3',
  '32,16,32,64,2,4',
];

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, shape: { type: 'string', multiple: true } },
});

console.log('batch, size, in, out, stride, filter | GFLOP | ms by algorithm; * is what the rule takes');
for (const shape of options.shape ?? trainingShapes) {
  const [batch, size, from, to, strides, filter] = shape.split(',').map(Number);
  const geometry = convGeometryFromShapes([batch, size, size, from], [filter, filter, from, to], {
    strides,
    pad: 'same',
  });
  const runs = Object.keys(convAlgorithms)
    .filter((name) => suitsAlgorithm(name, geometry))
    .map((name) => ({ name, run: compile(convAlgorithms[name], geometry), ms: Infinity }));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const entry of runs) {
      const start = performance.now();
      entry.run();
      entry.ms = Math.min(entry.ms, performance.now() - start);
    }
  }
  const flop = 6 * batch * geometry.output[0] * geometry.output[1] * filter ** 2 * from * to;
  const taken = decideConvAlgorithm(geometry);
  const times = runs.map(({ name, ms }) => `${name}${name === taken ? '*' : ''} ${ms.toFixed(2)}`);
  console.log(`${shape} | ${(flop / 1e9).toFixed(2)} | ${times.join(', ')}`);
}

/** The three passes as one graph of which a single element is read. */
function compile(algorithm, geometry) {
  const { batch, input, output, filter, inChannels, outChannels } = geometry;
  const shapes = {
    x: [batch, ...input, inChannels],
    filter: [...filter, inChannels, outChannels],
    dy: [batch, ...output, outChannels],
  };
  const writer = new GraphWriter(new Set());
  const values = {};
  const data = Object.entries(shapes).map(([name, shape], source) => {
    writer.declareInput(name, source, 'float32', shape);
    values[name] = plainValue(name, shape, 'float32');
    const length = shape.reduce((product, dim) => product * dim, 1);
    return Float32Array.from({ length }, (_, i) => Math.sin(i));
  });
  const results = [
    algorithm.forward(writer, geometry, values.x, values.filter, undefined),
    algorithm.inputGradient(writer, geometry, values.dy, values.filter),
    algorithm.filterGradient(writer, geometry, values.x, values.dy),
  ];
  const outputs = results.map((value) =>
    writer.op('Slice', [
      writer.reshape(plainName(writer, value), [-1]),
      writer.int64s([0]),
      writer.int64s([1]),
    ]),
  );
  const model = modelFromGraph({
    nodes: writer.nodes,
    initializers: writer.initializers,
    inputs: [...writer.inputs.values()],
    outputs: outputs.map((name) => ({ name, type: 'float32', shape: [1] })),
  });
  const session = createSession(model, { threads: 1, executionProvider: 'cpu' });
  const feeds = Object.fromEntries(
    [...writer.inputs.values()].map(({ name, source, shape }) => [
      name,
      tensorFromValues(data[source], 'float32', shape),
    ]),
  );
  return () => session.run(feeds, outputs);
}
