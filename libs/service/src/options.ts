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
  batch: option('identity', 'N', whole(1, 1_048_576), "the preset's", 'items of one global batch'),
  shards: option(
    'identity',
    'N',
    whole(1, 1024).refine((n) => (n & (n - 1)) === 0, { error: 'must be a power of two' }),
    '4',
    'fixed slices of a batch (a power of two): the most trainers that can share the work',
  ),
  seed: option(
    'identity',
    'N',
    whole(0, Number.MAX_SAFE_INTEGER),
    '1',
    'of all randomness: initial weights, noise, order of items',
  ),
  learningRateG: option(
    'identity',
    'X',
    real(0, 1),
    "the main job's, or the preset's",
    "the generator's Adam step size",
  ),
  learningRateD: option(
    'identity',
    'X',
    real(0, 1),
    "the main job's, or the preset's",
    "the discriminator's Adam step size",
  ),
  beta1: option('identity', 'X', real(0, 0.999999), "the preset's", "Adam's decay of the mean"),
  beta2: option('identity', 'X', real(0, 0.999999), "the preset's", "Adam's decay of the square"),
  init: option(
    'identity',
    'PATH',
    path,
    'made from the seed',
    'weights to begin with: a run, a checkpoint, or a folder of the two Keras .h5 files',
  ),
  epsilon: option('identity', 'X', real(1e-12, 1), "the preset's", "Adam's term against division by zero"),
  engine: option(
    'identity',
    'NAME',
    oneOf(['auto', 'tensorflow', 'onnx', 'cpu']),
    'auto',
    'auto takes the first that loads: tensorflow, onnx, cpu; fixed for the run when it starts',
  ),
  threads: option('identity', 'N', whole(1, 256), '1', 'CPU threads a trainer computes with'),
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
    'instead of steps: times through the data set',
  ),
  trainers: option(
    'operational',
    'N',
    whole(1, mostTrainers),
    '2',
    'trainers that the run wants: it waits for them at first, and train starts them',
  ),
  minTrainers: option(
    'operational',
    'N',
    whole(1, mostTrainers),
    '1',
    'with fewer trainers than this the run pauses',
  ),
  sampleEvery: option(
    'operational',
    'STEPS',
    whole(0, 4_000_000_000),
    "the preset's",
    'steps from one grid of images to the next; 0: only the last',
  ),
  weightsEvery: option(
    'operational',
    'STEPS',
    whole(0, 4_000_000_000),
    "the preset's",
    'steps from one pair of Keras .h5 files to the next; 0: only the last',
  ),
  checkpointSeconds: option(
    'operational',
    'N',
    real(0, 1e9),
    '60',
    'seconds from one checkpoint to the next; 0: every step',
  ),
  keepCheckpoints: option('operational', 'N', whole(1, 10_000), '3', 'newest checkpoints that are kept'),
  guardEvery: option(
    'operational',
    'STEPS',
    whole(0, 4_000_000_000),
    '100',
    'steps from one comparison of the replicas to the next; 0: only at checkpoints',
  ),
  maxSkipped: option(
    'operational',
    'N',
    whole(1, 1_000_000),
    '20',
    'updates in a row that may be skipped for gradients that are not finite',
  ),
  bucketKiB: option(
    'operational',
    'N',
    whole(1, 262_144),
    '16384',
    'gradient bytes that travel together, in KiB',
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
  grpcPort: option('operational', 'PORT', port, '0: any free one', "the coordinator's port for trainers"),
  httpPort: option('operational', 'PORT', port, '0: any free one', "the coordinator's port for /metrics"),
} as const;

export type OptionName = keyof typeof options;

const shape = Object.fromEntries(
  Object.entries(options).map(([name, { schema }]) => [name, schema.optional()]),
) as unknown as { [Name in OptionName]: z.ZodOptional<(typeof options)[Name]['schema']> };

/** What a person may give: every option, none required. Unknown keys are errors. */
export const askedSchema = z.strictObject(shape);

export type AskedConfig = z.infer<typeof askedSchema>;

export const optionNames = Object.keys(options) as OptionName[];

/** `learningRateG` -> `learning-rate-g`. */
export const flagFromOption = (name: OptionName): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A flag's text as the value that the option's schema judges. */
export function valueFromText(name: OptionName, text: string): unknown {
  const { schema } = options[name];
  if (schema instanceof z.ZodBoolean) return text === 'true' ? true : text === 'false' ? false : text;
  if (!(schema instanceof z.ZodNumber)) return text;
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}
