// The table of README: what TensorFlow.js's tests say about the backend.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const readme = fileURLToPath(new URL('../README.md', import.meta.url));
const MARKS = /(<!-- test:core -->\n)[^]*(<!-- \/test:core -->)/;

/** Areas of the tests that run on a backend, by the names of their files. */
const AREAS = [
  ['operations', /^ops\//],
  ['optimizers', /^optimizers\//],
  ['weights in files', /^io\//],
  ['tensors, variables, gradients, engine', /^/],
];

/** A Markdown table in prettier's form. Specs that need no backend are not in it. */
export function tableFromResults(results) {
  const onBackend = results.filter((result) => result.onBackend);
  const areaOf = ({ file }) => AREAS.find(([, pattern]) => pattern.test(file))[0];
  const rows = AREAS.map(([area]) =>
    rowFromResults(
      area,
      onBackend.filter((result) => areaOf(result) === area),
    ),
  );
  const head = ['tests of', 'passed', 'of these by compiled graphs', 'skipped by TensorFlow.js', 'failed'];
  return markdown([head, ...rows, rowFromResults('all', onBackend)]);
}

function rowFromResults(name, results) {
  const count = (...filters) => String(results.filter((r) => filters.every((filter) => filter(r))).length);
  const is = (status) => (result) => result.status === status;
  const ranGraph = (result) => result.ranGraph;
  return [
    name,
    count(is('passed')),
    count(is('passed'), ranGraph),
    count(is('pending')),
    count(is('failed')),
  ];
}

function markdown(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows.map(line);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

export function checkReadme(table) {
  return readFileSync(readme, 'utf8').includes(`\n${table}\n`);
}

export function updateReadme(table) {
  writeFileSync(readme, readFileSync(readme, 'utf8').replace(MARKS, `$1\n${table}\n$2`));
}
