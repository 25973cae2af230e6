import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { modelProblems, presets, type AdamOptions, type ModelOptions } from '@gan-train/gan/presets';
import { GanTrainError } from './errors.js';
import { askedSchema, flagFromOption, optionNames, options, type AskedConfig } from './options.js';

type Resolved = { [Name in keyof AskedConfig]-?: NonNullable<AskedConfig[Name]> };

/** A whole config: every option has its value. Plain data, equal on every process of a run; never changed. */
export type RunConfig = Readonly<Omit<Resolved, 'epochs' | 'init'>> & {
  readonly epochs: number | undefined;
  readonly init: string | undefined;
};

/** What `train` does when nothing else is asked: small enough for a laptop, long enough for digits. */
const mainJob = { steps: 1200, learningRateG: 4e-4, learningRateD: 2e-4 };

/**
 * Checks what was asked, all of it at once, and fills in defaults.
 * Throws `bad_config` with one problem a line.
 */
export function resolveConfig(asked: unknown): RunConfig {
  const parsed = askedSchema.safeParse(asked);
  const problems = parsed.success ? [] : problemsFromIssues(parsed.error.issues, asked);
  const given = withoutUndefined(parsed.success ? parsed.data : validPart(asked));
  const preset = presets[given.preset ?? 'dcgan'];
  const data = given.data ?? 'mnist';
  // The main job is the default recipe as a whole: whoever names a preset gets the preset.
  const recipe = given.preset === undefined && data === 'mnist' ? mainJob : undefined;
  const defaults = {
    preset: 'dcgan',
    data: 'mnist',
    size: preset.model.size,
    channels: data === 'mnist' ? 1 : 3,
    width: preset.model.width,
    latentDim: preset.model.latentDim,
    batchNorm: preset.model.batchNorm,
    batch: preset.batch,
    shards: 4,
    seed: 1,
    learningRateG: recipe?.learningRateG ?? preset.generatorAdam.learningRate,
    learningRateD: recipe?.learningRateD ?? preset.discriminatorAdam.learningRate,
    beta1: preset.generatorAdam.beta1,
    beta2: preset.generatorAdam.beta2,
    epsilon: preset.generatorAdam.epsilon,
    engine: 'auto',
    threads: 1,
    numerics: 'exact',
    steps: recipe?.steps ?? 1000,
    trainers: 2,
    minTrainers: 1,
    sampleEvery: preset.sampleEvery,
    weightsEvery: preset.weightsEvery,
    checkpointSeconds: 60,
    keepCheckpoints: 3,
    guardEvery: 100,
    maxSkipped: 20,
    bucketKiB: 16_384,
    joinSeconds: 300,
    reconnectSeconds: 300,
    grpcPort: 0,
    httpPort: 0,
  } as const;
  const config = { epochs: undefined, init: undefined, ...defaults, ...given } as RunConfig;
  problems.push(...crossProblems(config, given));
  if (problems.length > 0) throw configError(problems);
  return {
    ...config,
    data: config.data === 'mnist' ? config.data : resolve(config.data),
    init: config.init === undefined ? undefined : resolve(config.init),
  };
}

/** The options that are right by themselves: they may still not go together. */
function validPart(asked: unknown): AskedConfig {
  const entries = Object.entries((asked ?? {}) as Record<string, unknown>).filter(
    ([name, value]) => askedSchema.safeParse({ [name]: value }).success,
  );
  return Object.fromEntries(entries);
}

function crossProblems(config: RunConfig, given: AskedConfig): string[] {
  const problems = modelProblems(modelFromConfig(config));
  if (config.batch % config.shards !== 0) {
    const near = Math.max(1, Math.round(config.batch / config.shards)) * config.shards;
    problems.push(
      `batch must be divisible by shards: ${config.batch} is not divisible by ${config.shards}; ${near} is`,
    );
  }
  if (given.steps !== undefined && given.epochs !== undefined) {
    problems.push('steps and epochs exclude each other: give one of them');
  }
  if (config.minTrainers > config.trainers) {
    problems.push(
      `minTrainers must be at most trainers: ${config.minTrainers} would never be reached with ${config.trainers}`,
    );
  }
  return problems;
}

function problemsFromIssues(
  issues: readonly { code: string; path: readonly PropertyKey[]; message: string }[],
  asked: unknown,
): string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys' && 'keys' in issue) {
      return (issue.keys as string[]).map((key) => `${key} is not an option${suggestion(key)}`);
    }
    const name = String(issue.path[0] ?? '');
    if (name === '') return ['the config must be a mapping of options to values'];
    const value = (asked as Record<string, unknown>)[name];
    const shown = typeof value === 'number' ? String(value) : JSON.stringify(value);
    return [`${name} ${issue.message}, not ${shown}`];
  });
}

/** The option that was perhaps meant, as a flag if a flag was given: the one that is most alike by the letter pairs that both have. */
function suggestion(key: string): string {
  const pairs = (word: string): Set<string> =>
    new Set([...word.toLowerCase()].slice(1).map((letter, i) => (word[i] ?? '').toLowerCase() + letter));
  const wanted = pairs(key);
  const shared = (name: string): number => [...pairs(name)].filter((pair) => wanted.has(pair)).length;
  // Dice's coefficient: of two names with as many pairs in common the shorter one is meant.
  const alike = (name: string): number => shared(name) / (wanted.size + pairs(name).size);
  const best = optionNames.reduce((a, b) => (alike(b) > alike(a) ? b : a));
  const meant = key.startsWith('-') ? `--${flagFromOption(best)}` : best;
  return shared(best) >= 2 ? `; did you mean ${meant}?` : '';
}

function configError(problems: readonly string[]): GanTrainError {
  const [first, ...rest] = problems;
  const what =
    rest.length === 0 ? String(first) : [`${problems.length} problems`, ...problems].join('\n  - ');
  return new GanTrainError('bad_config', what);
}

function withoutUndefined(asked: AskedConfig): AskedConfig {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

/** The options of a YAML file, not yet checked. Throws `bad_config`. */
export async function loadConfigFile(file: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new GanTrainError(
      'bad_config',
      `cannot read the config file ${file}`,
      'name a readable YAML file',
      error,
    );
  }
  try {
    const parsed: unknown = parse(text) ?? {};
    if (typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Record<string, unknown>;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw new GanTrainError('bad_config', `${file} is not YAML: ${reason}`, 'mend that line', error);
  }
  throw new GanTrainError('bad_config', `${file} is not a mapping of options to values`);
}

/** The config as a file that `loadConfigFile` and `resolveConfig` take back. */
export function yamlFromConfig(config: RunConfig): string {
  const { steps, ...others } = config;
  return stringify(withoutUndefined({ ...others, ...(config.epochs === undefined && { steps }) }));
}

/** What a run was begun with, with what is asked now on top: asking for steps replaces epochs, and the other way round. */
export function mergeAsked(
  before: Record<string, unknown>,
  asked: Record<string, unknown>,
): Record<string, unknown> {
  const now = withoutUndefined(asked);
  const merged = { ...before, ...now };
  if ('steps' in now !== 'epochs' in now) delete merged['steps' in now ? 'epochs' : 'steps'];
  return merged;
}

export const modelFromConfig = (config: RunConfig): ModelOptions => ({
  preset: config.preset,
  size: config.size,
  channels: config.channels,
  width: config.width,
  latentDim: config.latentDim,
  batchNorm: config.batchNorm,
});

export function adamFromConfig(config: RunConfig, network: 'generator' | 'discriminator'): AdamOptions {
  const { beta1, beta2, epsilon } = config;
  const learningRate = network === 'generator' ? config.learningRateG : config.learningRateD;
  return { learningRate, beta1, beta2, epsilon };
}

/** What the weights of a run are a function of, besides the step. */
export type Identity = Readonly<Record<string, string | number | boolean>>;

/**
 * The identity of a run: its identity options, with the data set and the initial weights by content instead of by
 * place, and the engine that was resolved instead of the one asked for.
 */
export function identityFromConfig(
  config: RunConfig,
  content: { data: string; init: string | undefined },
  engine: { name: string; identity: string },
): Identity {
  const identity: Record<string, string | number | boolean> = { format: 1 };
  for (const name of optionNames) {
    const value = config[name];
    if (options[name].kind === 'identity' && value !== undefined) identity[name] = value;
  }
  const { data, init } = content;
  return { ...identity, data, ...(init && { init }), engine: engine.name, engineIdentity: engine.identity };
}

/** sha256 over the identity as JSON with sorted keys. */
export function hashFromIdentity(identity: Identity): string {
  const sorted = Object.fromEntries(Object.entries(identity).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/** The identity options in which two identities differ, one sentence each. */
export function identityDifferences(before: Identity, now: Identity): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} was ${before[name] ?? 'not set'} and is now ${now[name] ?? 'not set'}`);
}
