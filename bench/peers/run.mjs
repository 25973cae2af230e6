/* global AbortController */
// `npm run bench:peers`: one training step of gan-train and of its peers, in turn, on this machine (README.md).
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runProgram } from './child.mjs';
import { describeMachine, describeVersions } from './machine.mjs';
import { optionsFromArguments, usage } from './options.mjs';
import { createPrograms, models, parametersOfModel } from './programs.mjs';
import { pageOfResults, tableOfCells } from './report.mjs';

/** All rounds of one cell; the program that starts a round is another each time. */
async function measureCell(cell, programs, options, signal) {
  const taking = programs.filter((program) => program.takes(cell.trainers));
  const flags = Object.entries({ ...cell, steps: options.steps ?? models[cell.model].steps }).flatMap(
    ([name, value]) => [`--${name}`, String(value)],
  );
  const rounds = [];
  for (let round = 0; round < options.rounds; round++) {
    const first = round % taking.length;
    const runs = {};
    for (const { title, command } of [...taking.slice(first), ...taking.slice(0, first)]) {
      const what = `${cell.model} ${cell.trainers} x ${cell.threads}, round ${round + 1}: ${title}`;
      try {
        const run = await runProgram([...command, ...flags], { deadlineMs: options.deadlineMs, signal });
        checkParameters(cell.model, run);
        const cpus = (run.cpus ?? []).map((share) => share.toFixed(2)).join(', ') || 'not reported';
        console.error(`${what}: ${run.imagesPerSecond.toFixed(1)} images/s; CPUs: ${cpus}`);
        runs[title] = run;
      } catch (error) {
        // One disturbed run is no reason to lose an hour of others.
        signal.throwIfAborted();
        console.error(`${what}: failed: ${error.message}`);
        process.exitCode = 1;
        runs[title] = undefined;
      }
    }
    rounds.push(runs);
  }
  return { ...cell, rounds };
}

function checkParameters(model, { parameters }) {
  const ours = parametersOfModel(model);
  if (parameters !== undefined && (parameters.g !== ours.g || parameters.d !== ours.d)) {
    throw new Error(
      `it trains another ${model}: ${JSON.stringify(parameters)} parameters, not ${JSON.stringify(ours)}`,
    );
  }
}

async function main(args, options, signal) {
  const programs = createPrograms(options.engine);
  const titles = programs.map(({ title }) => title);
  for (const model of options.models) {
    const { g, d } = parametersOfModel(model);
    console.error(`${model}: ${g} parameters in G, ${d} in D`);
  }
  const cells = [];
  for (const model of options.models) {
    for (const setup of options.setups) {
      cells.push(
        await measureCell({ model, batch: models[model].batch, ...setup }, programs, options, signal),
      );
      // After every cell, so that an interrupted sitting leaves what it measured.
      if (options.name !== undefined) writePage(options.name, args, cells, titles);
    }
  }
  console.log(tableOfCells(cells, titles));
}

function writePage(name, args, cells, titles) {
  const page = pageOfResults({
    cells,
    titles,
    command: ['npm run bench:peers --', ...args].join(' '),
    machine: describeMachine(),
    versions: describeVersions(cells),
    date: new Date().toISOString().slice(0, 10),
  });
  writeFileSync(fileURLToPath(new URL(`../results/${name}.md`, import.meta.url)), page);
}

function optionsOrExit(args) {
  try {
    return optionsFromArguments(args);
  } catch (error) {
    console.error(`bench:peers: ${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

const args = process.argv.slice(2);
const options = optionsOrExit(args);
const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(name, () => controller.abort(new Error(`interrupted by ${name}`)));
}
try {
  await main(args, options, controller.signal);
} catch (error) {
  console.error(`bench:peers: ${error.message}`);
  process.exitCode = controller.signal.aborted ? 130 : 1;
}
