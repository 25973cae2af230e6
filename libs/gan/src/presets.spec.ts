import { describe, expect, it } from 'vitest';
import { modelProblems, type ModelOptions, presets, stagesFromSize } from './presets.js';

const options = (changes: Partial<ModelOptions>): ModelOptions => ({
  preset: 'dcgan',
  size: 28,
  channels: 1,
  width: 64,
  latentDim: 100,
  batchNorm: true,
  ...changes,
});

describe('modelProblems', () => {
  it.each(Object.entries(presets))("finds nothing wrong with preset %s's own model", (preset, { model }) => {
    expect(modelProblems(options({ preset: preset as ModelOptions['preset'], ...model }))).toEqual([]);
  });

  it('takes, for dcgan, the sizes that halve down to 8 or less, and no other', () => {
    const sizes = Array.from({ length: 121 }, (_, i) => i + 8);
    expect(sizes.filter((size) => modelProblems(options({ size })).length === 0)).toEqual([
      ...[8, 10, 12, 14, 16],
      ...[20, 24, 28, 32],
      ...[40, 48, 56, 64],
      ...[80, 96, 112, 128],
    ]);
  });

  it('names the sizes that would fit', () => {
    expect(modelProblems(options({ size: 30 }))).toEqual([
      'size must be divisible by 4 for preset dcgan, which halves it until 8 or less is left, not 30; ' +
        'the nearest that fit are 28 and 32',
    ]);
    expect(modelProblems(options({ preset: 'seed', size: 28 }))).toEqual([
      'size must be divisible by 8 for preset seed, not 28; the nearest that fit are 24 and 32',
    ]);
  });

  it('reports all problems at once, each with its option', () => {
    const problems = modelProblems(options({ size: 4, channels: 5, width: 0, latentDim: 1.5 }));
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'size',
      'channels',
      'width',
      'latentDim',
    ]);
  });

  it('reports an unknown preset', () => {
    const preset = 'toString' as ModelOptions['preset'];
    expect(modelProblems(options({ preset }))).toEqual(['preset must be one of dcgan, seed, not toString']);
  });
});

describe('stagesFromSize', () => {
  it.each([
    [8, 1],
    [16, 1],
    [20, 2],
    [28, 2],
    [32, 2],
    [64, 3],
    [128, 4],
  ])('halves %i pixels %i times for dcgan', (size, stages) => {
    expect(stagesFromSize('dcgan', size)).toBe(stages);
  });
});
