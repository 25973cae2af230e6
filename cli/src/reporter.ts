import { MultiBar, type SingleBar } from 'cli-progress';
import type { Event__Output, LossRow } from '@gan-train/rpc';

type Of<Name extends 'run' | 'file' | 'generation' | 'finished'> = NonNullable<Event__Output[Name]>;

/** Shows a run to whoever watches it. */
export interface Reporter {
  run(run: Of<'run'>): void;
  row(row: LossRow): void;
  file(file: Of<'file'>): void;
  generation(generation: Of<'generation'>): void;
  note(message: string): void;
  finished(finished: Of<'finished'>): void;
  /** After the last event: where the files are. */
  over(directory: string): void;
  close(): void;
}

export const createReporter = (json: boolean): Reporter =>
  json ? createJsonReporter() : createTerminalReporter();

function createJsonReporter(): Reporter {
  const print = (event: string, fields: object): void => {
    process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  };
  return {
    run: ({ runId, directory, step, steps, items, batch }) =>
      print('run', { runId, directory, step, steps, items, batch }),
    row: (row) =>
      print('step', {
        step: row.step,
        d_loss: row.dLoss,
        g_loss: row.gLoss,
        d_real: row.dReal,
        d_fake: row.dFake,
        images_per_second: row.imagesPerSecond,
      }),
    file: ({ kind, step, path, weightsHash }) =>
      print(kind.toLowerCase(), { step, path, ...(weightsHash !== '' && { weightsHash }) }),
    generation: ({ generation, members, reason }) =>
      print('generation', { term: generation?.term, n: generation?.n, trainers: members.length, reason }),
    note: (message) => print('note', { message }),
    finished: ({ step, status }) => print('finished', { step, status }),
    over: (directory) => print('files', { directory }),
    close: () => undefined,
  };
}

/** One line that is rewritten, and above it what stays. */
function createTerminalReporter(): Reporter {
  const bars = new MultiBar({
    format:
      'step {value}/{total} {percentage}%  {speed} images/s  d_loss {d}  g_loss {g}  D(x) {real}  D(G(z)) {fake}  ETA {eta_formatted}',
    clearOnComplete: true,
    hideCursor: true,
    etaBuffer: 50,
    stream: process.stdout,
  });
  let bar: SingleBar | undefined;
  let total = 0;
  let status = '';
  const line = (text: string): void => {
    if (bar === undefined) process.stdout.write(`${text}\n`);
    else bars.log(`${text}\n`);
  };
  return {
    run({ directory, step, steps, items, batch }) {
      total = steps;
      line(`run ${directory}: ${items} items, batch ${batch}, from step ${step} to ${steps}`);
    },
    row(row) {
      const payload = {
        speed: row.imagesPerSecond.toFixed(0),
        d: row.dLoss.toFixed(3),
        g: row.gLoss.toFixed(3),
        real: row.dReal.toFixed(2),
        fake: row.dFake.toFixed(2),
      };
      if (bar === undefined) bar = bars.create(total, row.step, payload);
      else bar.update(row.step, payload);
    },
    file: () => undefined,
    generation: ({ members }) => line(`${members.length} trainer${members.length === 1 ? '' : 's'} at work`),
    note: line,
    finished(finished) {
      status = `${finished.status} at step ${finished.step}`;
    },
    over(directory) {
      process.stdout.write(`${status}
  images       ${directory}/samples/
  losses       ${directory}/gan_loss.csv
  weights      ${directory}/weights/ (Keras .h5)
  checkpoints  ${directory}/checkpoints/
`);
    },
    close: () => bars.stop(),
  };
}
