import { describe, expect, it } from 'vitest';
import { askedSchema, flagFromOption, optionNames, options, valueFromText } from './options.js';

describe('the options', () => {
  it('have flags that are kebab-case and all different', () => {
    const flags = optionNames.map(flagFromOption);
    expect(new Set(flags).size).toBe(flags.length);
    for (const flag of flags) expect(flag).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  });

  it('have the flags that people and scripts use', () => {
    expect(optionNames.map(flagFromOption)).toEqual(
      expect.arrayContaining([
        'preset',
        'data',
        'size',
        'width',
        'trainers',
        'steps',
        'epochs',
        'batch',
        'shards',
        'seed',
        'threads',
        'engine',
        'init',
        'learning-rate-g',
        'checkpoint-seconds',
        'grpc-port',
        'http-port',
      ]),
    );
  });

  it('have flags that are read as their names are, a unit as one word', () => {
    const camelCase = (flag: string): string =>
      flag.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    for (const name of optionNames) {
      if (name !== 'bucketKiB') expect(camelCase(flagFromOption(name))).toBe(name);
    }
    expect(flagFromOption('bucketKiB')).toBe('bucket-kib');
  });

  it('describe themselves', () => {
    for (const name of optionNames) {
      const { description, placeholder, defaultText } = options[name];
      for (const text of [description, placeholder, defaultText]) expect(text).not.toBe('');
    }
  });

  it('are all optional, and nothing else is allowed', () => {
    expect(askedSchema.safeParse({}).success).toBe(true);
    expect(askedSchema.safeParse({ nothing: 1 }).success).toBe(false);
  });
});

describe('valueFromText', () => {
  it.each([
    ['steps', '100', 100],
    ['learningRateG', '2e-4', 2e-4],
    ['learningRateG', '-1', -1],
    ['channels', '3', 3],
    ['shards', '8', 8],
    ['batchNorm', 'true', true],
    ['batchNorm', 'false', false],
    ['data', '7', '7'],
    ['engine', 'cpu', 'cpu'],
  ] as const)('reads --%s %s', (name, text, value) => {
    expect(valueFromText(name, text)).toBe(value);
  });

  it.each([
    ['steps', 'many'],
    ['steps', ''],
    ['steps', ' '],
    ['batchNorm', 'yes'],
    ['batchNorm', '1'],
  ] as const)('leaves --%s %j as it is, so that the schema says what is wrong', (name, text) => {
    expect(valueFromText(name, text)).toBe(text);
    expect(options[name].schema.safeParse(valueFromText(name, text)).success).toBe(false);
  });
});
