// What the runs say: medians, ratios and the page of bench/results. Nothing here measures.
import { median } from '@gan-train/cli';

/**
 * @typedef {{ model: string, batch: number, trainers: number, threads: number, rounds: Record<string, Run | undefined>[] }} Cell
 * One model in one set-up; a round holds, by title, a run of every program that takes part (undefined: it failed).
 * @typedef {{ imagesPerSecond: number, cpus?: number[], versions?: Record<string, string> }} Run
 */

/**
 * Of each program of a cell the median speed, and the median of what each of its processes got of a CPU; then the ratio of
 * the first program's speed to that of the fastest of the others: of the medians, and within each round.
 */
export function summaryOfCell(cell, titles) {
  const programs = titles.flatMap((title) => {
    const runs = cell.rounds.map((round) => round[title]).filter((run) => run !== undefined);
    if (runs.length === 0) return [];
    return [{ title, speed: median(runs.map((run) => run.imagesPerSecond)), cpus: cpusOfRuns(runs) }];
  });
  const [ours, ...peers] = titles;
  const ratioOf = (speedOf) => {
    const fastest = Math.max(...peers.map(speedOf).filter((speed) => speed !== undefined));
    return speedOf(ours) === undefined || fastest < 0 ? undefined : speedOf(ours) / fastest;
  };
  return {
    programs,
    ratio: ratioOf((title) => programs.find((program) => program.title === title)?.speed),
    ratios: cell.rounds
      .map((round) => ratioOf((title) => round[title]?.imagesPerSecond))
      .filter((ratio) => ratio !== undefined),
  };
}

function cpusOfRuns(runs) {
  const lists = runs.map((run) => run.cpus).filter((cpus) => cpus !== undefined);
  return (lists[0] ?? []).map((_, process) => median(lists.map((cpus) => cpus[process])));
}

/** A Markdown table: a row a cell, the medians. */
export function tableOfCells(cells, titles) {
  const header = ['model, batch a trainer', 'trainers x threads', ...titles, 'ratio', 'ratio by round'];
  const rows = cells.map((cell) => {
    const { programs, ratio, ratios } = summaryOfCell(cell, titles);
    const speeds = titles.map((title) => {
      const program = programs.find((candidate) => candidate.title === title);
      return program === undefined ? '-' : speedWithCpus(program.speed, program.cpus);
    });
    const range =
      ratios.length === 0 ? '-' : `${fixed(Math.min(...ratios))} to ${fixed(Math.max(...ratios))}`;
    return [...namesOfCell(cell), ...speeds, ratio === undefined ? '-' : `**${fixed(ratio)}**`, range];
  });
  return markdownTable(header, rows);
}

/** A Markdown table: a row a round, as measured. */
export function tableOfRounds(cells, titles) {
  const rows = cells.flatMap((cell) =>
    cell.rounds.map((round, index) => [
      ...namesOfCell(cell),
      String(index + 1),
      ...titles.map((title) => {
        if (!(title in round)) return '-';
        const run = round[title];
        return run === undefined ? 'failed' : speedWithCpus(run.imagesPerSecond, run.cpus);
      }),
    ]),
  );
  return markdownTable(['model, batch a trainer', 'trainers x threads', 'round', ...titles], rows);
}

/** The page of bench/results. */
export function pageOfResults({ cells, titles, command, machine, versions, date }) {
  const rounds = Math.max(...cells.map((cell) => cell.rounds.length));
  return `# One training step beside its peers, ${date}

\`${command}\`

${machine}. ${versions}.

Images/s over all trainers, from the median of a run's steps, and in brackets the CPUs that each of its processes got during them; the
median of ${rounds} rounds, in each of which every program ran once, in turn. Ratio: gan-train's to the fastest peer's. A program that
got fewer CPUs than threads was disturbed, or waited.

${tableOfCells(cells, titles)}
## Rounds

${tableOfRounds(cells, titles)}`;
}

function namesOfCell({ model, batch, trainers, threads }) {
  return [`${model}, ${batch}`, `${trainers} x ${threads}`];
}

function speedWithCpus(speed, cpus = []) {
  const digits = speed < 100 ? 1 : 0;
  return speed.toFixed(digits) + (cpus.length === 0 ? '' : ` (${cpus.map(fixed).join(', ')})`);
}

function fixed(value) {
  return value.toFixed(2);
}

function markdownTable(header, rows) {
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}
