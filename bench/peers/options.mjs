// The flags of `npm run bench:peers`.
import { parseArgs } from 'node:util';
import { models } from './programs.mjs';

export const usage = `npm run bench:peers -- [--models mnist,seed32] [--setups 1x1,1x2,2x1] [--rounds 5] [--steps N] [--engine onnx]
                       [--deadline SECONDS] [--name NAME]
  --setups    trainers x threads of each
  --steps     timed steps of a run (as many as take 10 to 20 s)
  --deadline  of one run (300)
  --name      writes bench/results/NAME.md`;

/** What is asked for. Throws, saying what is wrong. */
export function optionsFromArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      models: { type: 'string', default: 'mnist,seed32' },
      setups: { type: 'string', default: '1x1,1x2,2x1' },
      rounds: { type: 'string', default: '5' },
      steps: { type: 'string' },
      engine: { type: 'string', default: 'onnx' },
      deadline: { type: 'string', default: '300' },
      name: { type: 'string' },
    },
  });
  const unknown = values.models.split(',').filter((model) => !Object.hasOwn(models, model));
  if (unknown.length > 0) throw new Error(`no such model: ${unknown.join(', ')}`);
  const whole = (name, text) => {
    if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`--${name} takes whole numbers from 1, not ${text}`);
    return Number(text);
  };
  if (values.name !== undefined && !/^[\w-]+$/.test(values.name))
    throw new Error('--name takes letters, digits, _ and -');
  return {
    models: values.models.split(','),
    setups: values.setups.split(',').map((setup) => {
      const [, trainers, threads] = /^([1-9]\d{0,3})x([1-9]\d{0,3})$/.exec(setup) ?? [];
      if (trainers === undefined)
        throw new Error(`--setups takes trainers x threads, such as 2x1, not ${setup}`);
      return { trainers: Number(trainers), threads: Number(threads) };
    }),
    rounds: whole('rounds', values.rounds),
    steps: values.steps === undefined ? undefined : whole('steps', values.steps),
    engine: values.engine,
    deadlineMs: 1000 * whole('deadline', values.deadline),
    name: values.name,
  };
}
