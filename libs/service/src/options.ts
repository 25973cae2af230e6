import { z } from 'zod';

/**
 * All options of a run, in one place: the command's flags, the YAML file and README's table come from here.
 * An `identity` option is part of what the weights are a function of: it must be the same on resume and at join. An
 * `operational` one may change at any time.
 */
export type OptionKind = 'identity' | 'operational';

interface Option<Schema extends z.ZodType> {
  schema: Schema;
  kind: OptionKind;
  /** What a value of it looks like in help, e.g. `N`. */
  placeholder: string;
  description: string;
  /** The default in words, where it is not a plain value. */
  defaultText: string;
}

const whole = (least: number, most: number): z.ZodNumber =>
  z
    .number({ error: `must be a whole number from ${least} to ${most}` })
    .int({ error: `must be a whole number from ${least} to ${most}` })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });

const real = (least: number, most: number): z.ZodNumber =>
  z
    .number({ error: `must be a number from ${least} to ${most}` })
    .min(least, { error: `must be at least ${least}` })
    .max(most, { error: `must be at most ${most}` });

const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

const path = z.string({ error: 'must be text' }).min(1, { error: 'must not be empty' });

function option<Schema extends z.ZodType>(
  kind: OptionKind,
  placeholder: string,
  schema: Schema,
  defaultText: string,
  description: string,
): Option<Schema> {
  return { schema, kind, placeholder, description, defaultText };
}

const port = whole(0, 65_535);

export const mostTrainers = 1024;

export const options = {
  preset: option(
    'identity',
    'NAME',
    oneOf(['dcgan', 'seed']),
    'dcgan',
    'models and training recipe: dcgan, or seed (the Keras tutorial)',
  ),
  data: option('identity', 'mnist|DIR', path, 'mnist', 'mnist, or a folder of PNG, JPEG or WebP images'),
  size: option('identity', 'N', whole(8, 1024), "the preset's", 'height and width of an image, in pixels'),
  channels: option(
    'identity',
    'N',
    whole(1, 3).refine((n) => n !== 2, { error: 'must be 1 or 3' }),
    '1 for mnist, else 3',
    '1 (grey) or 3 (RGB)',
  ),
  width: option(
    'identity',
    'N',
    whole(1, 1024),
    "the preset's",
    'channels of the layer nearest to the image; the others are multiples of it',
  ),
  latentDim: option('identity', 'N', whole(1, 65_536), '100', 'length of a noise vector'),
  batchNorm: option(
    'identity',
    'true|false',
    z.boolean({ error: 'must be true or false' }),
    "the preset's",
    'batch normalization in both networks',
  ),
  batch: option('identity', 'N', whole(1, 1_048_576), "the preset's", 'items in a global batch'),
  shards: option(
    'identity',
    'N',
    whole(1, 1024).refine((n) => (n & (n - 1)) === 0, { error: 'must be a power of two' }),
    '4',
    'number of fixed slices of a batch (a power of two), and so the most trainers that share the work',
  ),
  seed: option(
    'identity',
    'N',
    whole(0, Number.MAX_SAFE_INTEGER),
    '1',
    'seed of all randomness: initial weights, noise, order of items',
  ),
  learningRateG: option(
    'identity',
    'X',
    real(0, 1),
    "the main job's, or the preset's",
    "the generator's learning rate (Adam)",
  ),
  learningRateD: option(
    'identity',
    'X',
    real(0, 1),
    "the main job's, or the preset's",
    "the discriminator's learning rate (Adam)",
  ),
  beta1: option('identity', 'X', real(0, 0.999999), "the preset's", "decay rate of Adam's mean of gradients"),
  beta2: option(
    'identity',
    'X',
    real(0, 0.999999),
    "the preset's",
    "decay rate of Adam's mean of squared gradients",
  ),
  init: option(
    'identity',
    'PATH',
    path,
    'made from the seed',
    'initial weights: a run, a checkpoint, or a folder of the two Keras .h5 files',
  ),
  epsilon: option(
    'identity',
    'X',
    real(1e-12, 1),
    "the preset's",
    "Adam's epsilon, against division by zero",
  ),
  engine: option(
    'identity',
    'NAME',
    oneOf(['auto', 'tensorflow', 'onnx', 'cpu']),
    'auto',
    'tensorflow, onnx or cpu; auto takes the first of them that loads, once for the whole run',
  ),
  threads: option('identity', 'N', whole(1, 256), '1', 'number of CPU threads of each trainer'),
  numerics: option(
    'identity',
    'MODE',
    oneOf(['exact', 'agree']),
    'exact',
    'exact: refuse trainers that compute other bits; agree: only keep replicas equal',
  ),
  steps: option(
    'operational',
    'N',
    whole(1, 4_000_000_000),
    "the main job's, or 1000",
    'last step of the run',
  ),
  epochs: option(
    'operational',
    'N',
    real(0.000001, 1e9),
    'none',
    'number of passes through the data set, instead of steps',
  ),
  trainers: option(
    'operational',
    'N',
    whole(1, mostTrainers),
    '2',
    'number of trainers: the run waits for them before its first step; train starts them',
  ),
  minTrainers: option(
    'operational',
    'N',
    whole(1, mostTrainers),
    '1',
    'fewest trainers that the run goes on with; it pauses below that',
  ),
  sampleEvery: option(
    'operational',
    'STEPS',
    whole(0, 4_000_000_000),
    "the preset's",
    'steps between grids of images; 0: only at the end',
  ),
  weightsEvery: option(
    'operational',
    'STEPS',
    whole(0, 4_000_000_000),
    "the preset's",
    'steps between pairs of Keras .h5 files; 0: only at the end',
  ),
  checkpointSeconds: option(
    'operational',
    'N',
    real(0, 1e9),
    '60',
    'seconds between checkpoints; 0: at every step',
  ),
  keepCheckpoints: option(
    'operational',
    'N',
    whole(1, 10_000),
    '3',
    'how many of the newest checkpoints are kept',
  ),
  guardEvery: option(
    'operational',
    'STEPS',
    whole(0, 4_000_000_000),
    '100',
    'steps between comparisons of the replicas; 0: only at checkpoints',
  ),
  maxSkipped: option(
    'operational',
    'N',
    whole(1, 1_000_000),
    '20',
    'number of updates in a row that may be skipped because gradients are not finite',
  ),
  bucketKiB: option(
    'operational',
    'N',
    whole(1, 262_144),
    '16384',
    'size of the pieces that gradients travel in, in KiB',
  ),
  joinSeconds: option(
    'operational',
    'N',
    real(1, 1e9),
    '300',
    'how long a run with too few trainers waits for more before it fails',
  ),
  reconnectSeconds: option(
    'operational',
    'N',
    real(1, 1e9),
    '300',
    'how long a trainer looks for a coordinator that is gone',
  ),
  grpcPort: option(
    'operational',
    'PORT',
    port,
    '0: any free one',
    'port at which the coordinator serves trainers (gRPC)',
  ),
  httpPort: option(
    'operational',
    'PORT',
    port,
    '0: any free one',
    'port at which the coordinator serves /metrics (HTTP)',
  ),
} as const;

export type OptionName = keyof typeof options;

const shape = Object.fromEntries(
  Object.entries(options).map(([name, { schema }]) => [name, schema.optional()]),
) as unknown as { [Name in OptionName]: z.ZodOptional<(typeof options)[Name]['schema']> };

/** What a person may give: every option, none required. Unknown keys are errors. */
export const askedSchema = z.strictObject(shape);

export type AskedConfig = z.infer<typeof askedSchema>;

export const optionNames = Object.keys(options) as OptionName[];

/** `learningRateG` -> `learning-rate-g`; a unit is one word: `bucketKiB` -> `bucket-kib`. */
export const flagFromOption = (name: OptionName): string =>
  name.replace('KiB', 'Kib').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A flag's text as the value that the option's schema judges. */
export function valueFromText(name: OptionName, text: string): unknown {
  const { schema } = options[name];
  if (schema instanceof z.ZodBoolean) return text === 'true' ? true : text === 'false' ? false : text;
  if (!(schema instanceof z.ZodNumber)) return text;
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}
