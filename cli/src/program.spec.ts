import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GanTrainError, optionNames, options, flagFromOption, resolveConfig } from '@gan-train/service';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProgram } from './program.js';

// What a command does is tested elsewhere; here it is what it was told.
const told = vi.hoisted(() => ({ calls: [] as unknown[][], failure: undefined as Error | undefined }));
const keep = vi.hoisted(() => (name: string) => async (...args: unknown[]): Promise<number> => {
  if (told.failure) throw told.failure;
  told.calls.push([name, ...args.filter((arg) => !(arg instanceof AbortSignal))]);
  return Promise.resolve(7);
});
vi.mock('./train.js', () => ({ train: keep('train') }));
vi.mock('./sample.js', () => ({ sample: keep('sample') }));
vi.mock('./inspect.js', () => ({ inspect: keep('inspect') }));
vi.mock('./bench-step.js', () => ({ benchStep: keep('bench step') }));
vi.mock('./engine-add.js', () => ({ engineAdd: keep('engine add') }));
vi.mock('./engine-list.js', () => ({ engineList: keep('engine list') }));
vi.mock('./logs.js', () => ({ logs: keep('logs') }));
vi.mock('./stop.js', () => ({ stop: keep('stop') }));
vi.mock('./wait.js', () => ({ wait: keep('wait') }));
vi.mock('./scale.js', () => ({ scale: keep('scale') }));
vi.mock('./status.js', () => ({ status: keep('status') }));
vi.mock('./services.js', () => ({ coordinator: keep('coordinator'), trainer: keep('trainer') }));

let directory: string;
beforeAll(async () => (directory = await mkdtemp(join(tmpdir(), 'gan-train-program-'))));
afterAll(async () => rm(directory, { recursive: true, force: true }));
afterEach(() => {
  told.calls = [];
  told.failure = undefined;
  vi.restoreAllMocks();
});

/** What the command was told, and the exit code. */
async function run(...args: string[]): Promise<unknown[]> {
  told.calls = [];
  let exitCode: number | undefined;
  const program = createProgram(new AbortController().signal, (code) => (exitCode = code));
  await program.parseAsync(args, { from: 'user' });
  expect(told.calls).toHaveLength(1);
  expect(exitCode).toBe(7);
  return told.calls[0] as unknown[];
}

async function failureOf(...args: string[]): Promise<GanTrainError> {
  const program = createProgram(new AbortController().signal, () => expect.unreachable());
  const error: unknown = await program.parseAsync(args, { from: 'user' }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GanTrainError);
  expect(told.calls).toEqual([]);
  return error as GanTrainError;
}

const askedOf = async (...args: string[]): Promise<Record<string, unknown>> => {
  const [, given] = await run(...args);
  return (given as { asked: Record<string, unknown> }).asked;
};

/** The problems that the config of a command line is refused for. */
async function problemsOf(...args: string[]): Promise<string> {
  const asked = await askedOf(...args);
  try {
    resolveConfig(asked);
  } catch (error) {
    return (error as GanTrainError).what;
  }
  return 'none';
}

describe('gan-train train', () => {
  it('asks for nothing when nothing is given', async () => {
    expect(await run('train')).toEqual(['train', { asked: {} }]);
  });

  it('reads flags as values of their options', async () => {
    expect(
      await run('train', '--steps', '5', '--batch-norm=false', '--data', '7', '--learning-rate-g', '1e-3'),
    ).toEqual(['train', { asked: { steps: 5, batchNorm: false, data: '7', learningRateG: 1e-3 } }]);
  });

  it('keeps its own flags apart', async () => {
    expect(await run('train', '--out', 'runs/x', '--resume', '--json', '--seed', '3')).toEqual([
      'train',
      { asked: { seed: 3 }, out: 'runs/x', resume: true, json: true },
    ]);
  });

  it.each(optionNames)('has a flag for option %s, and shows it in its help', async (name) => {
    const text = { number: '8', boolean: 'true', enum: 'cpu' }[options[name].schema.type as string] ?? 'text';
    expect(Object.keys(await askedOf('train', `--${flagFromOption(name)}`, text))).toEqual([name]);
    const program = createProgram(new AbortController().signal, () => undefined);
    const help = program.commands.find((command) => command.name() === 'train')?.helpInformation() ?? '';
    expect(help).toContain(`--${flagFromOption(name)} <${options[name].placeholder}>`);
  });

  it('puts flags over the config file', async () => {
    const file = join(directory, 'config.yaml');
    await writeFile(file, 'steps: 10\nseed: 4\nzzz: 1\n');
    expect(await askedOf('train', '--config', file, '--steps', '20')).toEqual({ steps: 20, seed: 4, zzz: 1 });
  });

  it('says which config file it cannot read', async () => {
    const file = join(directory, 'none.yaml');
    expect((await failureOf('train', '--config', file)).what).toBe(`cannot read the config file ${file}`);
  });

  it('takes an option that is not one as a problem of the config, with what was perhaps meant', async () => {
    expect(await problemsOf('train', '--learning-rte-g', '1')).toBe(
      '--learning-rte-g is not an option; did you mean --learning-rate-g?',
    );
    expect(await problemsOf('train', '--xyz=3')).toBe('--xyz is not an option');
  });

  it('reports two unknown options, a wrong type and a wrong range at once', async () => {
    const problems = await problemsOf('train', '--foo', '1', '--steps', 'many', '--bar', '--trainers', '0');
    expect(problems.split('\n  - ')).toEqual([
      '4 problems',
      ...[
        'steps must be a whole number from 1 to 4000000000, not "many"',
        'trainers must be at least 1, not 0',
        '--foo is not an option',
        '--bar is not an option',
      ],
    ]);
  });

  it('does not take arguments, and says which one', async () => {
    expect(await problemsOf('train', 'mnist')).toBe('mnist is not an option');
  });

  it('refuses a flag without its value', async () => {
    expect(await failureOf('train', '--steps')).toMatchObject({
      code: 'bad_config',
      what: "option '--steps <N>' argument missing",
      todo: 'see gan-train train --help',
    });
  });
});

describe('the other commands', () => {
  it('are told what they need, with defaults', async () => {
    expect(await run('sample', 'runs/x', '--out', 'a.png')).toEqual([
      'sample',
      'runs/x',
      { out: 'a.png', count: '64', seed: '1' },
    ]);
  });

  it('inspect a run', async () => {
    expect(await run('inspect', 'runs/x', '--json')).toEqual(['inspect', 'runs/x', true]);
  });

  it('measure a step', async () => {
    expect(await run('bench', 'step', '--model', 'mnist')).toEqual([
      'bench step',
      { model: 'mnist', batch: '16', trainers: '1', threads: '1', steps: '20', engine: 'auto' },
    ]);
  });

  it('make and list engines', async () => {
    expect(await run('engine', 'add', 'tensorflow')).toEqual(['engine add', 'tensorflow', {}]);
    expect(await run('engine', 'add', 'tensorflow', '--cuda', '--version', '2.15.1')).toEqual([
      'engine add',
      'tensorflow',
      { cuda: true, version: '2.15.1' },
    ]);
    expect(await run('engine', 'list', '--json')).toEqual(['engine list', true]);
  });

  it('look at a run that is alive, and change it', async () => {
    expect(await run('status')).toEqual(['status', undefined, undefined, false]);
    expect(await run('status', 'runs/x', '--json')).toEqual(['status', 'runs/x', undefined, true]);
    expect(await run('status', 'a:1', '--tls-dir', 'tls')).toEqual(['status', 'a:1', 'tls', false]);
    expect(await run('logs')).toEqual(['logs', undefined, { tail: '200' }]);
    expect(await run('logs', 'k8s:x', '--follow', '--process', 'trainer-0', '--tail', '5', '--json')).toEqual(
      ['logs', 'k8s:x', { follow: true, process: 'trainer-0', tail: '5', json: true }],
    );
    expect(await run('wait')).toEqual(['wait', undefined, { for: 'step' }]);
    expect(await run('wait', 'k8s:x', '--for', 'end', '--timeout-seconds', '9', '--tls-dir', 'tls')).toEqual([
      'wait',
      'k8s:x',
      { for: 'end', timeoutSeconds: '9', tlsDir: 'tls' },
    ]);
    expect(await run('stop', 'a:1', '--tls-dir', 'tls')).toEqual(['stop', { run: 'a:1', tlsDir: 'tls' }]);
    expect(await run('scale', '3')).toEqual(['scale', '3', undefined, undefined]);
    expect(await run('scale', '3', 'a:1', '--tls-dir', 'tls')).toEqual(['scale', '3', 'a:1', 'tls']);
  });

  it('run the services', async () => {
    expect(await run('coordinator', '--out', 'runs/x', '--steps', '3')).toEqual([
      'coordinator',
      { asked: { steps: 3 }, out: 'runs/x', host: '0.0.0.0', stay: false },
    ]);
    const secured = ['--out', 'runs/x', '--tls-dir', 'tls'];
    expect(await run('coordinator', ...secured)).toEqual([
      'coordinator',
      { asked: {}, out: 'runs/x', host: '0.0.0.0', tlsDir: 'tls', stay: false },
    ]);
    const kept = ['--out', 'runs/x', '--stay', '--kubernetes-release', 'faces', '--scale-to-zero'];
    const kubernetes = { release: 'faces', scaleToZero: true };
    expect(await run('coordinator', ...kept)).toEqual([
      'coordinator',
      { asked: {}, out: 'runs/x', host: '0.0.0.0', stay: true, kubernetes },
    ]);
    expect(await run('trainer', '--coordinator', 'a:1')).toEqual([
      'trainer',
      { coordinator: 'a:1', listen: '0.0.0.0:0', httpPort: '0', graceSeconds: '25', connectSeconds: '60' },
    ]);
  });

  it.each(['train', 'sample', 'status', 'scale', 'wait', 'logs'])(
    'show in their help how to use %s',
    async (name) => {
      const program = createProgram(new AbortController().signal, () => expect.unreachable());
      let help = '';
      const command = program.commands.find((other) => other.name() === name);
      command?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      const [, examples = ''] = help.split('\nExamples:\n');
      const lines = examples.trim().split('\n');
      expect(lines).toHaveLength(2);
      for (const line of lines) {
        const [own, ...args] = line.trim().split(' ');
        expect(own).toBe('gan-train');
        expect((await run(...args))[0]).toBe(name);
      }
    },
  );

  it('say in their help what each argument and flag is', () => {
    const program = createProgram(new AbortController().signal, () => expect.unreachable());
    const texts = (command: Command): string[] => [
      command.description(),
      ...[...command.registeredArguments, ...command.options].map(({ description }) => description),
      ...command.commands.flatMap(texts),
    ];
    // What begins so says of something that it doesn't name.
    for (const text of texts(program)) expect(text).toMatch(/^(?!(of|as|for|with|from) )./);
  });

  it.each([
    ['sample', 'x', '--out', 'a.png'],
    ['train'],
    ['trainer', '--coordinator', 'a:1'],
    ['bench', 'step', '--model', 'mnist'],
    ['engine', 'add', 'tensorflow'],
    ['engine', 'list'],
  ])('say so where there is no engine: %s %s', async (...args) => {
    const message = "Cannot find package '@tensorflow/tfjs-core' imported from x.js";
    told.failure = Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });
    expect((await failureOf(...args)).line).toBe(
      "error bad_config: this installation has no engine; use the trainer's image",
    );
  });

  it.each([
    [['tain'], /unknown command 'tain'.*did you mean train\?/i],
    [['sample', 'x'], /required option '--out <FILE>' not specified/],
    [['sample', '--out', 'a.png'], /missing required argument 'run'/],
    [['inspect', 'x', '--jsn'], /unknown option '--jsn'.*did you mean --json\?/i],
    [['engine', 'add'], /missing required argument 'name'/],
    [['trainer'], /required option '--coordinator <HOST:PORT>'/],
    [['bench', 'step'], /required option '--model <NAME>'/],
  ])('are refused as bad_config, on one line: %j', async (args, what) => {
    const { code, message } = await failureOf(...args);
    expect(code).toBe('bad_config');
    expect(message).toMatch(what);
    expect(message).toMatch(/; see gan-train.* --help$/);
    expect(message).not.toContain('\n');
  });
});
