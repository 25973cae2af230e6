import { describe, expect, it } from 'vitest';
import { layersFromOptions } from './architecture.js';
import { layoutsFromOptions, type NetworkLayout } from './layout.js';
import type { ModelOptions } from './presets.js';
import { smallOptions } from './testing/builders.js';

const tutorial: ModelOptions = {
  preset: 'seed',
  size: 32,
  channels: 1,
  width: 64,
  latentDim: 100,
  batchNorm: false,
};
const dcgan: ModelOptions = { ...tutorial, preset: 'dcgan', size: 28, batchNorm: true };

describe('layouts', () => {
  it.each([smallOptions(), smallOptions({ preset: 'seed', batchNorm: true }), tutorial, dcgan])(
    'of %j lie without gaps: trainable tensors, running statistics, scalars',
    (options) => {
      const { layouts, phases } = layoutsFromOptions(options);
      for (const layout of [layouts.generator, layouts.discriminator]) {
        let offset = 0;
        for (const spec of [...layout.trainable, ...layout.running]) {
          expect(spec.offset).toBe(offset);
          expect(spec.length).toBe(spec.shape.reduce((a, b) => a * b));
          offset += spec.length;
        }
        expect(layout.length).toBe(offset);
        expect(layout.trainableLength).toBe(layout.running[0]?.offset ?? offset);
      }
      expect(phases.d).toMatchObject({ network: layouts.discriminator, scalars: ['loss', 'real', 'fake'] });
      expect(phases.g).toMatchObject({ network: layouts.generator, scalars: ['loss', 'fake'] });
      expect(phases.d.length).toBe(layouts.discriminator.length + 3);
      expect(phases.g.length).toBe(layouts.generator.length + 2);
    },
  );

  it("have the tutorial's parameters", () => {
    const { layouts } = layoutsFromOptions(tutorial);
    expect(layouts.generator.length).toBe(3_078_145);
    expect(layouts.discriminator.length).toBe(20_881_409);
    expect(layoutsFromOptions({ ...tutorial, channels: 3 }).layouts.generator.length).toBe(3_081_347);
  });

  it("have the tutorial's names, the last layer first", () => {
    const { layouts } = layoutsFromOptions(tutorial);
    expect(layerNames(layouts.generator)).toEqual([
      'conv2d',
      'conv2d_transpose_2',
      'conv2d_transpose_1',
      'conv2d_transpose',
      'dense',
    ]);
    expect(layerNames(layouts.discriminator)).toEqual([
      'dense_2',
      'dense_1',
      'conv2d_3',
      'conv2d_2',
      'conv2d_1',
    ]);
  });

  it('have DCGAN shapes at 28 pixels: 7, 14, 28', () => {
    const { layouts } = layoutsFromOptions(dcgan);
    expect(shapes(layouts.generator)).toEqual({
      'conv2d_transpose_1/kernel': '5x5x1x64',
      'conv2d_transpose_1/bias': '1',
      'batch_normalization_1/gamma': '64',
      'batch_normalization_1/beta': '64',
      'conv2d_transpose/kernel': '5x5x64x128',
      'batch_normalization/gamma': '128',
      'batch_normalization/beta': '128',
      'dense/kernel': '100x6272',
      'batch_normalization_1/moving_mean': '64',
      'batch_normalization_1/moving_variance': '64',
      'batch_normalization/moving_mean': '128',
      'batch_normalization/moving_variance': '128',
    });
    expect(shapes(layouts.discriminator)).toEqual({
      'dense_1/kernel': '6272x1',
      'dense_1/bias': '1',
      'batch_normalization_2/gamma': '128',
      'batch_normalization_2/beta': '128',
      'conv2d_1/kernel': '5x5x64x128',
      'conv2d/kernel': '5x5x1x64',
      'conv2d/bias': '64',
      'batch_normalization_2/moving_mean': '128',
      'batch_normalization_2/moving_variance': '128',
    });
  });

  it('of DCGAN keep all the biases when nothing is normalized', () => {
    const { layouts } = layoutsFromOptions({ ...dcgan, batchNorm: false });
    for (const { trainable } of [layouts.generator, layouts.discriminator]) {
      const count = (weight: string) => trainable.filter(({ name }) => name.endsWith(weight)).length;
      expect(count('/bias')).toBe(count('/kernel'));
    }
  });
});

describe('DCGAN layers', () => {
  it('double from the width towards the small end', () => {
    const { generator, discriminator } = layersFromOptions({ ...dcgan, size: 128, width: 16, channels: 3 });
    const filters = (layers: typeof generator) =>
      layers.flatMap((layer) => ('filters' in layer ? [layer.filters] : []));
    expect(filters(generator)).toEqual([64, 32, 16, 3]);
    expect(filters(discriminator)).toEqual([16, 32, 64, 128]);
    expect(generator.find((layer) => layer.kind === 'reshape')?.shape).toEqual([8, 8, 128]);
  });
});

function layerNames(layout: NetworkLayout): string[] {
  return [...new Set(layout.trainable.map(({ name }) => name.split('/')[0]!))];
}

function shapes(layout: NetworkLayout): Record<string, string> {
  return Object.fromEntries(
    [...layout.trainable, ...layout.running].map(({ name, shape }) => [name, shape.join('x')]),
  );
}
