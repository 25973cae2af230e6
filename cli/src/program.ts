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

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const tlsDir = [
  '--tls-dir <DIR>',
  'ca.crt, tls.crt and tls.key: encrypts, and only takes who has a certificate of that authority',
] as const;

const aliveRun = [
  '[run]',
  "run directory, HOST:PORT of the coordinator's gRPC, or k8s:[NAMESPACE/]RELEASE (default: the newest run)",
] as const;

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
    .option('--json', 'one JSON object a line instead of a progress line')
    .action(async (_flags: unknown, command: Command) => {
      const { train } = await import('./train.js');
      const { asked, flags } = await askedFromCommand(command, ['out', 'resume', 'json']);
      finish(await train({ asked, ...flags }, signal));
    });

  program
    .command('sample')
    .description('make images with the generator of a run')
    .argument('<run>', 'run directory, or of a run that is alive HOST:PORT or k8s:[NAMESPACE/]RELEASE')
    .requiredOption('--out <FILE>', 'a .png grid, or a .npy array of floats in -1..1')
    .option('--count <N>', 'images', '64')
    .option('--seed <N>', 'of the noise', '1')
    .option('--noise <FILE.npy>', 'noise of your own, [count, latentDim]')
    .option('--ema', "with the moving average of the generator's weights")
    .option('--step <N>', 'of the checkpoint (default: the newest)')
    .option(...tlsDir)
    .action(async (run: string, flags: SampleFlags) => {
      const { sample } = await import('./sample.js');
      finish(await sample(run, flags));
    });

  program
    .command('inspect')
    .description('what a run is and how far it came')
    .argument('<run>', 'run directory')
    .option('--json', 'as one JSON object')
    .action(async (run: string, flags: { json?: boolean }) => {
      const { inspect } = await import('./inspect.js');
      finish(await inspect(run, flags.json === true));
    });

  program
    .command('status')
    .description('how a run that is alive is doing: trainers, losses, the last events')
    .argument(...aliveRun)
    .option(...tlsDir)
    .option('--json', 'as one JSON object')
    .action(async (run: string | undefined, flags: { json?: boolean; tlsDir?: string }) => {
      const { status } = await import('./status.js');
      finish(await status(run, flags.tlsDir, flags.json === true));
    });

  program
    .command('scale')
    .description('change the number of trainers of a run that is alive')
    .argument('<trainers>', 'how many there are to be')
    .argument(...aliveRun)
    .option(...tlsDir)
    .action(async (trainers: string, run: string | undefined, flags: { tlsDir?: string }) => {
      const { scale } = await import('./scale.js');
      finish(await scale(trainers, run, flags.tlsDir));
    });

  program
    .command('stop')
    .description('end a run that is alive after the step it is in, with a checkpoint')
    .argument(...aliveRun)
    .option(...tlsDir)
    .action(async (run: string | undefined, flags: { tlsDir?: string }) => {
      const { stop } = await import('./stop.js');
      finish(await stop({ run, tlsDir: flags.tlsDir }));
    });

  program
    .command('wait')
    .description('wait until a run that is alive makes another step, or ends; fails when the run does')
    .argument(...aliveRun)
    .option('--for <WHAT>', 'step or end', 'step')
    .option('--timeout-seconds <N>', 'fails after this', '300')
    .option(...tlsDir)
    .action(async (run: string | undefined, flags: WaitFlags) => {
      const { wait } = await import('./wait.js');
      finish(await wait(run, flags, signal));
    });

  program
    .command('logs')
    .description('what the processes of a run write, in the order of time')
    .argument('[run]', 'run directory, or k8s:[NAMESPACE/]RELEASE (default: the newest run)')
    .option('--follow', 'go on until Ctrl-C')
    .option('--process <NAME>', 'of one only, such as coordinator or trainer-0')
    .option('--tail <N>', 'last lines of each process', '200')
    .option('--json', 'the lines as they are, with a field process')
    .action(async (run: string | undefined, flags: LogsFlags) => {
      const { logs } = await import('./logs.js');
      finish(await logs(run, flags, signal));
    });

  const bench = program.command('bench').description('measure on this machine');
  bench
    .command('step')
    .description('whole training steps, with real processes and real gRPC')
    .requiredOption('--model <NAME>', 'mnist (DCGAN, 28 px), seed32 or seed64 (the tutorial at 32 or 64 px)')
    .option('--batch <N>', 'items a trainer', '16')
    .option('--trainers <N>', 'trainers, one shard each (a power of two)', '1')
    .option('--threads <N>', 'CPU threads a trainer', '1')
    .option('--steps <N>', 'measured steps', '20')
    .option('--engine <NAME>', 'auto, tensorflow, onnx or cpu', 'auto')
    .option('--json', 'as one JSON object')
    .action(async (flags: Record<string, string | boolean>) => {
      const { benchStep } = await import('./bench-step.js');
      finish(await benchStep(flags, signal));
    });

  const engine = program.command('engine').description('what this machine computes with');
  engine
    .command('add')
    .description('make a native TensorFlow for this user, from npm and PyPI')
    .argument('<name>', 'tensorflow')
    .option('--cuda', "for NVIDIA GPUs, with NVIDIA's libraries")
    .option('--version <VERSION>', 'of TensorFlow (default: 2.16.2)')
    .action(async (name: string, flags: EngineAddFlags) => {
      const { engineAdd } = await import('./engine-add.js');
      finish(await engineAdd(name, flags, signal));
    });
  engine
    .command('list')
    .description('the engines of this machine, each tried, and which one auto takes')
    .option('--json', 'as one JSON object')
    .action(async (flags: { json?: boolean }) => {
      const { engineList } = await import('./engine-list.js');
      finish(await engineList(flags.json === true));
    });

  withRunOptions(program.command('coordinator'))
    .description('serve one run to trainers; goes on with the run at --out when there is one')
    .requiredOption('--out <DIR>', 'run directory')
    .option('--host <HOST>', 'address to listen on', '0.0.0.0')
    .option(...tlsDir)
    .option('--stay', 'stay when the run is over; on SIGTERM this process goes, and the run goes on')
    .option(
      '--kubernetes-release <NAME>',
      'on Kubernetes: follow StatefulSet NAME-trainer, tell in ConfigMap NAME-status',
    )
    .option('--scale-to-zero', 'on Kubernetes: no trainers when the run is over')
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
    .description('compute shard gradients for a coordinator')
    .requiredOption('--coordinator <HOST:PORT>', "the coordinator's gRPC address")
    .option('--listen <HOST:PORT>', 'address to serve peers on', '0.0.0.0:0')
    .option('--advertise <HOST[:PORT]>', 'address that peers reach this trainer at')
    .option('--http-port <PORT>', 'for /metrics', '0')
    .option(...tlsDir)
    .option('--grace-seconds <N>', 'on SIGTERM: how long to wait until this trainer may leave', '25')
    .option('--connect-seconds <N>', 'how long the coordinator is looked for at first', '60')
    .option('--stay', 'stay when the run is over, until SIGTERM or until the run goes on')
    .action(async (flags: TrainerFlags) => {
      const { trainer } = await import('./services.js');
      finish(await trainer(flags, signal));
    });

  for (const command of allCommands(program)) failWithOurErrors(command);
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
