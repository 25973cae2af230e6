import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  contentsOf,
  directoryOfTests,
  exists,
  fakeNative,
  flagsFrom,
  gan,
  readJson,
  startCommand,
  tinyDcgan,
  trained,
  until,
  untilGone,
  writeFakeTools,
} from '../support/index.js';

const directory = directoryOfTests();
let home: string;
let engines: string;
let count = 0;

beforeEach(() => {
  home = join(directory, `home-${count++}`);
  engines = join(home, 'engines');
  vi.stubEnv('GAN_TRAIN_HOME', home);
});
afterEach(() => vi.unstubAllEnvs());

/** Puts fake tools first on the PATH of commands. */
async function tools(changed?: Parameters<typeof writeFakeTools>[1]): Promise<void> {
  vi.stubEnv('PATH', `${await writeFakeTools(join(home, 'tools'), changed)}:/usr/bin:/bin`);
}

const add = (...flags: string[]): ReturnType<typeof gan> => gan('engine', 'add', 'tensorflow', ...flags);

interface Report {
  engines: { name: string; loads: boolean; path?: string; reason?: string; cuda?: boolean }[];
  auto: { engine: string | null; reason: string };
}

async function listed(): Promise<Report> {
  const { code, stdout } = await gan('engine', 'list', '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

describe('gan-train engine add', () => {
  it('makes an engine that auto takes and a run is trained on, and makes it once', async () => {
    await tools();
    const place = join(engines, 'tensorflow-2.16.2');
    const first = await add();
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^TensorFlow 2\.16\.2 for CPUs: making it in .*\ndone: \d+ MB in \d+ s\n/);
    expect(first.stdout).toContain('--engine auto takes it from now on');
    expect(await readdir(engines)).toEqual(['tensorflow-2.16.2']);

    const { engines: found, auto } = await listed();
    expect(found.map(({ name }) => name)).toEqual(['tensorflow', 'onnx', 'cpu']);
    expect(found[0]).toMatchObject({ loads: true, path: place, cuda: false, source: 'engine add' });
    expect(auto.engine).toBe('tensorflow');
    const run = await trained(join(home, 'run'), { ...tinyDcgan, engine: 'auto', steps: 1, trainers: 2 });
    expect((await readJson(run.out, 'run.json')).identity).toMatchObject({
      engine: 'tensorflow',
      engineIdentity: 'tensorflow 2.16.2 cpu tfjs-node 4.22.0',
    });

    const before = await contentsOf(engines);
    expect(Object.keys(before).filter((file) => file.endsWith('.map'))).toEqual([]);
    expect(await add()).toEqual({
      code: 0,
      stdout: `TensorFlow 2.16.2 for CPUs is there: ${place}\n`,
      stderr: '',
    });
    expect(await contentsOf(engines)).toEqual(before);
  });

  it("puts NVIDIA's wheels where TensorFlow's libraries look for them, and says that it finds no GPU", async () => {
    await tools();
    const { code, stdout } = await add('--cuda', '--version', '2.15.1');
    expect(code).toBe(0);
    expect(stdout).toContain('TensorFlow finds no GPU on this machine');
    const deps = join(engines, 'tensorflow-2.15.1-cuda/node_modules/@tensorflow/tfjs-node/deps');
    expect((await readdir(join(deps, 'lib'))).sort()).toEqual([
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ]);
    expect((await readdir(join(deps, 'nvidia'))).sort()).toEqual([
      'nvidia-cublas-cu12==12.3.4.1',
      'nvidia-cudnn-cu12==8.9.7.29',
    ]);
    // An engine that is preferred stays so.
    expect((await add()).stdout).toContain(
      `--engine auto goes on to take ${join(engines, 'tensorflow-2.15.1-cuda')}`,
    );
  });

  it.each([
    { what: 'a tool fails', changed: { 'g++': 'echo no header >&2; exit 4' }, code: 1, says: 'no header' },
    {
      what: 'what was made does not load',
      changed: { native: 'throw new Error("no such symbol");' },
      code: 2,
      says: 'error engine_missing: TensorFlow 2.16.2 was made, and does not load: no such symbol',
    },
  ])('leaves what was there, and nothing else, when $what', async ({ changed, code, says }) => {
    await tools();
    await add();
    // What another TensorFlow.js was made for is made anew.
    const record = join(engines, 'tensorflow-2.16.2/engine.json');
    await writeFile(record, '{ "tensorflow": "2.16.2", "cuda": false, "tfjs": "4.21.0" }');
    const before = await contentsOf(engines);
    await tools(changed);
    const failed = await add();
    expect(failed.stderr).toContain(says);
    expect(failed.code).toBe(code);
    expect(await contentsOf(engines)).toEqual(before);
    expect(await readdir(engines)).toEqual(['tensorflow-2.16.2']);

    await tools();
    expect((await add()).code).toBe(0);
    expect(JSON.parse(await readFile(record, 'utf8'))).toMatchObject({ tfjs: '4.22.0' });
  });

  it('makes an engine anew that does not load any more', async () => {
    await tools();
    await add();
    const source = join(engines, 'tensorflow-2.16.2/node_modules/@tensorflow/tfjs-node/index.js');
    await writeFile(source, 'throw new Error("bit rot");');
    const { engines: found, auto } = await listed();
    expect(found[0]).toMatchObject({ name: 'tensorflow', loads: false, reason: 'bit rot' });
    expect(auto).toEqual({
      engine: 'onnx',
      reason: 'no native TensorFlow loads, and it is the next that loads',
    });
    expect((await add()).stdout).toContain('it is there and does not load, so it is made anew: bit rot');
    expect((await listed()).auto.engine).toBe('tensorflow');
  });

  it.each([
    { signal: 'SIGINT', code: 130 },
    { signal: 'SIGTERM', code: 143 },
  ] as const)(
    'leaves nothing behind after $signal, neither files nor processes',
    async ({ signal, code }) => {
      await tools({ npm: `echo $$ > '${home}/pid'; sleep 1000 & wait` });
      const command = startCommand(['engine', 'add', 'tensorflow']);
      const pid = await until('a tool that runs', async () => {
        const text = await readFile(join(home, 'pid'), 'utf8').catch(() => '');
        return text.endsWith('\n') ? Number(text) : undefined;
      });
      expect(await readdir(engines)).toHaveLength(1);
      command.signal(signal);
      expect(await command.finished).toMatchObject({
        code,
        stderr: expect.stringContaining('stopped; nothing was left behind') as string,
      });
      expect(await readdir(engines)).toEqual([]);
      await untilGone([pid], 10_000);
    },
  );

  it('removes what a process of this machine that was killed had begun, and nothing else', async () => {
    await tools();
    const gone = startCommand(['--version']);
    await gone.finished;
    const [abandoned, alive, elsewhere] = [
      `.making-${hostname()}-${gone.pid}-x`,
      `.making-${hostname()}-${process.pid}-x`,
      `.making-another-host-${gone.pid}-x`,
    ];
    for (const name of [abandoned, alive, elsewhere]) await mkdir(join(engines, name), { recursive: true });
    expect((await add()).code).toBe(0);
    expect((await readdir(engines)).sort()).toEqual([alive, elsewhere, 'tensorflow-2.16.2'].sort());
  });

  it('names the tools that are missing, and touches nothing', async () => {
    vi.stubEnv('PATH', join(home, 'nothing'));
    const { code, stderr } = await add();
    expect(stderr).toMatch(/^error engine_missing: making an engine needs .*python3, g\+\+, which are not/);
    expect(code).toBe(2);
    expect(await exists(home)).toBe(false);
  });

  it.each([
    [['onnx'], 'onnx is no engine that can be added; add tensorflow'],
    [['tensorflow', '--version', 'newest'], '--version must be a version of TensorFlow'],
    [['tensorflow', '--version', '2.9.1'], 'give --version 2.12.1 or newer'],
  ])('refuses %j', async (args, says) => {
    const { code, stderr } = await gan('engine', 'add', ...args);
    expect(stderr).toMatch(/^error bad_config: /);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
    expect(await exists(home)).toBe(false);
  });

  it('says where it can not write', async () => {
    await tools();
    await writeFile(engines, 'a file');
    const { code, stderr } = await add();
    expect(stderr).toMatch(/^error not_writable: cannot make .*; set GAN_TRAIN_HOME to/m);
    expect(code).toBe(2);
    expect((await stat(engines)).isFile()).toBe(true);
  });
});

describe('what the environment names', () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await gan(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    return stderr;
  };
  const out = (): string => join(home, 'run');

  it('must be there, also for auto, for other engines, and for a trainer', async () => {
    const named = join(home, 'nothing');
    vi.stubEnv('GAN_TRAIN_TFJS_NODE', named);
    const says = `error bad_config: GAN_TRAIN_TFJS_NODE=${named}: `;
    for (const engine of ['auto', 'onnx'])
      expect(await refused('train', '--out', out(), ...flagsFrom({ ...tinyDcgan, engine }))).toContain(says);
    expect(await exists(out())).toBe(false);
    expect(await refused('trainer', '--coordinator', '127.0.0.1:1', '--listen', '127.0.0.1:0')).toContain(
      says,
    );
    const { engines: found, auto } = await listed();
    expect(found.map(({ name }) => name)).toEqual(['onnx', 'cpu']);
    expect(auto.engine).toBeNull();
  });

  it('is taken before what the user added', async () => {
    await tools();
    await add();
    const named = join(home, 'named');
    const scope = join(named, 'node_modules/@tensorflow/tfjs-node');
    await mkdir(scope, { recursive: true });
    await writeFile(join(scope, 'package.json'), '{ "version": "4.22.0" }');
    await writeFile(join(scope, 'index.js'), fakeNative);
    vi.stubEnv('GAN_TRAIN_TFJS_NODE', named);
    const { engines: found } = await listed();
    expect(found.filter(({ name }) => name === 'tensorflow')).toMatchObject([{ path: named }]);
  });

  it("must be ONNX Runtime's CUDA provider where it says so", async () => {
    vi.stubEnv('GAN_TRAIN_ONNX_PROVIDER', 'cuda');
    const stderr = await refused('train', '--out', out(), ...flagsFrom(tinyDcgan));
    expect(stderr).toContain(
      "error bad_config: GAN_TRAIN_ONNX_PROVIDER=cuda: ONNX Runtime's CUDA provider does not load: ",
    );
    expect(stderr).toContain('cannot open shared object file');
    expect(await exists(out())).toBe(false);
    expect((await listed()).auto.engine).toBeNull();
  });
});
