import { createRequire } from 'node:module';
import type { CommanderError } from 'commander';
import { Command } from 'commander';
import type { EngineAddFlags } from './engine-add.js';
import type { LogsFlags } from './logs.js';
import type { SampleFlags } from './sample.js';
import type { TrainerFlags } from './services.js';
import { flagFromOption, GanTrainError, optionNames, options } from '@gan-train/service';
import type { WaitFlags } from './wait.js';
import { askedFromCommand } from './asked.js';
import { withEngine } from './with-engine.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const tlsDir = [
  '--tls-dir <DIR>',
  'directory with ca.crt, tls.crt and tls.key: mutual TLS; only certificates of that CA are accepted',
] as const;

const anyRun = 'run directory; or, for a live run, HOST:PORT or k8s:[NAMESPACE/]RELEASE';
const liveRun = ['[run]', `${anyRun} (default: the newest run below runs/)`] as const;
const asJson = ['--json', 'print one JSON object'] as const;

/** Shown below a command's help. */
const examples: Readonly<Record<string, readonly string[]>> = {
  train: ['train --data ./photos --size 64 --trainers 2', 'train --out runs/faces --resume --steps 5000'],
  sample: [
    'sample runs/faces --count 100 --out faces.png',
    'sample k8s:faces --ema --seed 7 --out smooth.npy',
  ],
  status: ['status', 'status k8s:team/faces --json'],
  scale: ['scale 4', 'scale 2 k8s:faces'],
  wait: ['wait --timeout-seconds 600', 'wait runs/faces --for end'],
  logs: ['logs --follow', 'logs k8s:faces --process trainer-0 --tail 50'],
};

type Finish = (exitCode: number) => void;

/**
 * The command line. Each command's code is loaded when it runs: `--help` and mistakes answer at once.
 * Throws `bad_config` for what can't be parsed.
 */
export function createProgram(signal: AbortSignal, finish: Finish): Command {
  const program = new Command('gan-train')
    .description('Trains GANs data-parallel; a run is a pure function of its config.')
    .version(version)
    .enablePositionalOptions()
    .showSuggestionAfterError();

  withRunOptions(program.command('train'))
    .description(
      'train on this machine: starts a coordinator and trainers, shows progress, keeps the files of the run',
    )
    .option('--out <DIR>', 'run directory (default: a new one below runs/)')
    .option('--resume', 'go on with the run at --out')
    .option('--json', 'print one JSON object a line instead of a progress line')
    .action(async (_flags: unknown, command: Command) => {
      const { train } = await import('./train.js');
      const { asked, flags } = await askedFromCommand(command, ['out', 'resume', 'json']);
      finish(await withEngine(async () => train({ asked, ...flags }, signal)));
    });

  program
    .command('sample')
    .description('make images with the generator of a run')
    .argument('<run>', anyRun)
    .requiredOption('--out <FILE>', 'file to write: a .png grid, or a .npy array of floats in -1..1')
    .option('--count <N>', 'number of images', '64')
    .option('--seed <N>', 'seed of the noise', '1')
    .option(
      '--noise <FILE.npy>',
      'file with noise of your own, [count, latentDim]; instead of --count and --seed',
    )
    .option('--ema', "use the moving average of the generator's weights")
    .option('--step <N>', 'step of the checkpoint to use (default: the newest; only of a run directory)')
    .option(...tlsDir)
    .action(async (run: string, flags: SampleFlags) => {
      finish(await withEngine(async () => (await import('./sample.js')).sample(run, flags, signal)));
    });

  program
    .command('inspect')
    .description('config and progress of a run')
    .argument('<run>', 'run directory')
    .option(...asJson)
    .action(async (run: string, flags: { json?: boolean }) => {
      const { inspect } = await import('./inspect.js');
      finish(await inspect(run, flags.json === true));
    });

  program
    .command('status')
    .description('status of a live run: trainers, losses, the last events')
    .argument(...liveRun)
    .option(...tlsDir)
    .option(...asJson)
    .action(async (run: string | undefined, flags: { json?: boolean; tlsDir?: string }) => {
      const { status } = await import('./status.js');
      finish(await status(run, flags.tlsDir, flags.json === true));
    });

  program
    .command('scale')
    .description('change the number of trainers of a live run')
    .argument('<trainers>', 'number of trainers from now on')
    .argument(...liveRun)
    .option(...tlsDir)
    .action(async (trainers: string, run: string | undefined, flags: { tlsDir?: string }) => {
      const { scale } = await import('./scale.js');
      finish(await scale(trainers, run, flags.tlsDir));
    });

  program
    .command('stop')
    .description('end a live run after the step that it is in, with a checkpoint')
    .argument(...liveRun)
    .option(...tlsDir)
    .action(async (run: string | undefined, flags: { tlsDir?: string }) => {
      const { stop } = await import('./stop.js');
      finish(await stop({ run, tlsDir: flags.tlsDir }));
    });

  program
    .command('wait')
    .description('wait until a run makes another step, or ends; fails when the run does')
    .argument(...liveRun)
    .option('--for <WHAT>', 'what to wait for: step or end', 'step')
    .option(
      '--timeout-seconds <N>',
      'how long to wait before it fails (default: 300 for a step; for the end no limit while the run answers)',
    )
    .option(...tlsDir)
    .action(async (run: string | undefined, flags: WaitFlags) => {
      const { wait } = await import('./wait.js');
      finish(await wait(run, flags, signal));
    });

  program
    .command('logs')
    .description('show what the processes of a run write, in chronological order')
    .argument('[run]', 'run directory, or k8s:[NAMESPACE/]RELEASE (default: the newest run below runs/)')
    .option('--follow', 'also show what they write from now on, until Ctrl-C')
    .option('--process <NAME>', 'show one process only, such as coordinator or trainer-0')
    .option('--tail <N>', 'number of last lines of each process', '200')
    .option('--json', 'print one JSON object a line, with a field process')
    .action(async (run: string | undefined, flags: LogsFlags) => {
      const { logs } = await import('./logs.js');
      finish(await logs(run, flags, signal));
    });

  const bench = program.command('bench').description('measure the speed of this machine');
  bench
    .command('step')
    .description('measure whole training steps, with real processes and real gRPC')
    .requiredOption('--model <NAME>', 'mnist (DCGAN, 28 px), seed32 or seed64 (the tutorial at 32 or 64 px)')
    .option('--batch <N>', 'items of a batch for each trainer', '16')
    .option('--trainers <N>', 'number of trainers, one shard each (a power of two)', '1')
    .option('--threads <N>', 'number of CPU threads of each trainer', '1')
    .option('--steps <N>', 'number of steps to measure', '20')
    .option('--engine <NAME>', 'engine: auto, tensorflow, onnx or cpu', 'auto')
    .option(...asJson)
    .action(async (flags: Record<string, string | boolean>) => {
      finish(await withEngine(async () => (await import('./bench-step.js')).benchStep(flags, signal)));
    });

  const engine = program
    .command('engine')
    .description('add or list the engines that this machine computes with');
  engine
    .command('add')
    .description('make a native TensorFlow for this user, from npm and PyPI')
    .argument('<name>', 'engine to make: tensorflow')
    .option('--cuda', "make it for NVIDIA GPUs, with NVIDIA's libraries")
    .option('--version <VERSION>', 'version of TensorFlow (default: 2.16.2)')
    .action(async (name: string, flags: EngineAddFlags) => {
      finish(await withEngine(async () => (await import('./engine-add.js')).engineAdd(name, flags, signal)));
    });
  engine
    .command('list')
    .description('try the engines of this machine, and show which one auto takes')
    .option(...asJson)
    .action(async (flags: { json?: boolean }) => {
      finish(
        await withEngine(async () => (await import('./engine-list.js')).engineList(flags.json === true)),
      );
    });

  withRunOptions(program.command('coordinator'))
    .description('serve one run to trainers; goes on with the run at --out when there is one')
    .requiredOption('--out <DIR>', 'run directory')
    .option('--host <HOST>', 'address to listen on', '0.0.0.0')
    .option(...tlsDir)
    .option('--stay', 'stay up after the run ends; on SIGTERM only this process exits, and the run goes on')
    .option(
      '--kubernetes-release <NAME>',
      'on Kubernetes: follow the StatefulSet NAME-trainer, and keep the status in the ConfigMap NAME-status',
    )
    .option('--scale-to-zero', 'on Kubernetes: scale the trainers to 0 when the run is over')
    .action(async (_flags: unknown, command: Command) => {
      const { coordinator } = await import('./services.js');
      const names = ['out', 'host', 'tlsDir', 'stay', 'kubernetesRelease', 'scaleToZero'] as const;
      const { asked, flags } = await askedFromCommand(command, names);
      const release = flags.kubernetesRelease as string | undefined;
      const own = {
        out: String(flags.out),
        host: String(flags.host),
        tlsDir: flags.tlsDir as string | undefined,
        stay: flags.stay === true,
        kubernetes: release === undefined ? undefined : { release, scaleToZero: flags.scaleToZero === true },
      };
      finish(await coordinator({ asked, ...own }, signal));
    });

  program
    .command('trainer')
    .description('compute gradients for a coordinator')
    .requiredOption('--coordinator <HOST:PORT>', "the coordinator's gRPC address")
    .option('--listen <HOST:PORT>', 'address to serve other trainers on', '0.0.0.0:0')
    .option(
      '--advertise <HOST[:PORT]>',
      "address at which other trainers reach this one (default: the --listen address, or this host's name)",
    )
    .option('--http-port <PORT>', 'port to serve /metrics on; 0: any free one', '0')
    .option(...tlsDir)
    .option('--grace-seconds <N>', 'how long this trainer waits after SIGTERM until it may leave', '25')
    .option('--connect-seconds <N>', 'how long to look for the coordinator at the start', '60')
    .option('--stay', 'stay up after the run ends, until SIGTERM or until the run goes on')
    .action(async (flags: TrainerFlags) => {
      const { trainer } = await import('./services.js');
      finish(await withEngine(async () => trainer(flags, signal)));
    });

  for (const command of allCommands(program)) {
    failWithOurErrors(command);
    const lines = examples[command.name()]?.map((line) => `  ${program.name()} ${line}`) ?? [];
    if (lines.length > 0) command.addHelpText('after', ['', 'Examples:', ...lines].join('\n'));
  }
  return program;
}

/** The options of a run, from their one source. */
function withRunOptions(command: Command): Command {
  command.option('--config <FILE>', 'YAML file with options; flags win over it');
  for (const name of optionNames) {
    const { placeholder, description, defaultText } = options[name];
    command.option(`--${flagFromOption(name)} <${placeholder}>`, `${description} (default: ${defaultText})`);
  }
  // Unknown options are reported together with everything else that is wrong.
  return command.allowUnknownOption().allowExcessArguments();
}

const allCommands = (command: Command): Command[] => [command, ...command.commands.flatMap(allCommands)];

/** `gan-train bench step`. */
const commandLine = (command: Command): string =>
  command.parent === null ? command.name() : `${commandLine(command.parent)} ${command.name()}`;

function failWithOurErrors(command: Command): void {
  command.configureOutput({ writeErr: () => undefined });
  command.exitOverride((error: CommanderError) => {
    // Help and version were printed; anything else is a mistake.
    if (error.exitCode === 0) process.exit(0);
    if (error.code === 'commander.help') {
      process.stdout.write(command.helpInformation());
      process.exit(2);
    }
    const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
    throw new GanTrainError('bad_config', message, `see ${commandLine(command)} --help`);
  });
}
