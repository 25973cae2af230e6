/** The two families of models and their defaults. Nothing here touches a tensor: the command and the config use it. */

export type PresetName = 'dcgan' | 'seed';

/** What determines the shape of both networks, and so of every buffer. */
export interface ModelOptions {
  preset: PresetName;
  /** Height and width of an image, in pixels. */
  size: number;
  /** 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA. */
  channels: number;
  /** Channels of the layer nearest to the image; the others are multiples of it. */
  width: number;
  /** Length of a noise vector. */
  latentDim: number;
  batchNorm: boolean;
}

export interface AdamOptions {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

export interface Preset {
  description: string;
  model: { size: number; width: number; latentDim: number; batchNorm: boolean };
  /** Items of a global batch. */
  batch: number;
  /** Whether a batch is drawn with replacement; otherwise every epoch is a permutation. */
  withReplacement: boolean;
  /** Distribution of the noise: uniform(-1, 1), or standard normal. */
  noise: 'uniform' | 'gaussian';
  leakyReluAlpha: number;
  generatorAdam: AdamOptions;
  discriminatorAdam: AdamOptions;
  /** Steps from one grid of generated images to the next. */
  sampleEvery: number;
  /** Steps from one pair of weight files to the next. */
  weightsEvery: number;
}

const dcganAdam: AdamOptions = { learningRate: 2e-4, beta1: 0.5, beta2: 0.999, epsilon: 1e-7 };
const kerasAdam: AdamOptions = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

export const presets: Readonly<Record<PresetName, Preset>> = {
  dcgan: {
    description:
      "DCGAN's recommendations: strided convolutions, batch normalization, separate real and fake batches",
    model: { size: 28, width: 64, latentDim: 100, batchNorm: true },
    batch: 64,
    withReplacement: false,
    noise: 'gaussian',
    leakyReluAlpha: 0.2,
    generatorAdam: dcganAdam,
    discriminatorAdam: dcganAdam,
    sampleEvery: 100,
    weightsEvery: 100,
  },
  seed: {
    description:
      "the Keras tutorial's models: pooling, a wide hidden Dense layer, one concatenated batch of real and fake",
    model: { size: 32, width: 64, latentDim: 100, batchNorm: false },
    batch: 32,
    withReplacement: true,
    noise: 'uniform',
    leakyReluAlpha: 0.3,
    generatorAdam: kerasAdam,
    discriminatorAdam: { ...kerasAdam, learningRate: 1e-4 },
    sampleEvery: 10,
    weightsEvery: 10,
  },
};

/**
 * Everything that makes a pair of networks impossible to build, one sentence a problem, each naming the option.
 * An empty list means that `createGan` succeeds.
 */
export function modelProblems(options: ModelOptions): string[] {
  const ranges: [name: 'size' | 'channels' | 'width' | 'latentDim', least: number, most: number][] = [
    ['size', 8, 1024],
    ['channels', 1, 4],
    ['width', 1, 1024],
    ['latentDim', 1, 65536],
  ];
  const problems = ranges
    .filter(([name, least, most]) => !isWithin(options[name], least, most))
    .map(
      ([name, least, most]) =>
        `${name} must be a whole number from ${least} to ${most}, not ${options[name]}`,
    );
  if (!Object.hasOwn(presets, options.preset)) {
    problems.unshift(`preset must be one of ${Object.keys(presets).join(', ')}, not ${options.preset}`);
  } else if (isWithin(options.size, 8, 1024)) {
    problems.push(...sizeProblems(options.preset, options.size));
  }
  return problems;
}

/**
 * Halvings from the image down to the small end of the networks: 3 for `seed` (three poolings); for `dcgan` the
 * fewest, at least one, that reach 8 pixels or less.
 */
export function stagesFromSize(preset: PresetName, size: number): number {
  return preset === 'seed' ? 3 : Math.max(1, Math.ceil(Math.log2(size / 8)));
}

function sizeProblems(preset: PresetName, size: number): string[] {
  const factor = 2 ** stagesFromSize(preset, size);
  if (size % factor === 0) return [];
  const near = [Math.floor(size / factor) * factor, Math.ceil(size / factor) * factor].filter((n) => n >= 8);
  const rule =
    preset === 'seed'
      ? 'divisible by 8 for preset seed'
      : `divisible by ${factor} for preset dcgan, which halves it until 8 or less is left`;
  return [`size must be ${rule}, not ${size}; the nearest that fit are ${[...new Set(near)].join(' and ')}`];
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
