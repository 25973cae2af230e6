// Runs TensorFlow.js's own tests on the backend, and holds README's table to what came out.
//
//   node test-core/run.mjs [--update] [PATTERN]
//
// With a pattern only the spec files run whose names match it, and README is left alone; --update writes the table.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { writeBundle } from './bundle.mjs';
import { runSpecFiles } from './run-spec-files.mjs';
import { checkReadme, tableFromResults, updateReadme } from './table.mjs';

const { values, positionals } = parseArgs({
  options: { update: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [pattern] = positionals;
const started = Date.now();

const file = join(import.meta.dirname, '../../../.cache/core-specs/specs.mjs');
await writeBundle(file);
const results = await runSpecFiles(await import(pathToFileURL(file).href), new RegExp(pattern ?? ''));

const table = tableFromResults(results);
const failed = results.filter(({ status }) => status === 'failed');
for (const { file, name, message } of failed) console.error(`failed: ${file}: ${name}\n${message}\n`);
console.log(table);
console.log(`${((Date.now() - started) / 1000).toFixed(1)} s`);
if (failed.length > 0) process.exitCode = 1;
else if (results.length === 0) fail(`no spec file's name matches ${pattern}`);
else if (values.update) updateReadme(table);
else if (pattern === undefined && !checkReadme(table)) {
  fail("README's table of TensorFlow.js's tests is not this one; npm run test:core -- --update writes it");
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
