import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { flagFromOption, optionNames, options } from '@gan-train/service';
import { chartValues, type ChartValue } from '../../scripts/chart-values.mjs';
import { chart, helm4, helms, render, run } from './helm.js';
import { ofKind } from './manifests.js';
import { unknownFields } from './unknown-fields.js';

let values: ChartValue[];
let readme: string;
let schema: unknown;
beforeAll(async () => {
  values = chartValues(await readFile(join(chart, 'values.yaml'), 'utf8'));
  readme = await readFile(join(chart, 'README.md'), 'utf8');
  schema = JSON.parse(await readFile(join(chart, 'values.schema.json'), 'utf8'));
});

/** The cells of the rows between two markers of README.md. */
function rowsOf(name: string): string[][] {
  const [, table = ''] = readme.split(`<!-- ${name}: generated -->\n`);
  const rows = table.split(`\n<!-- ${name}: end -->`)[0]?.split('\n').slice(2) ?? [];
  return rows.map((row) =>
    row
      .slice(2, -2)
      .split(/(?<!\\) \| /)
      .map((cell) => cell.replaceAll('\\|', '|')),
  );
}

describe('values.yaml', () => {
  it('describes every value', () => {
    const bare = values.filter(({ isSection, description = '' }) => !isSection && description.length < 10);
    expect(bare.map(({ path }) => path)).toEqual([]);
    expect(values.length).toBeGreaterThan(100);
  });

  it('names every value of which there are few', () => {
    for (const { path, description = '', values: listed = '' } of values) {
      const enumerated = enumOf(path) ?? [];
      // Options of the run are described elsewhere.
      if (path.startsWith('config.')) continue;
      for (const value of enumerated) expect(`${path}: ${description} ${listed}`).toContain(String(value));
      if (listed !== '') expect([path, ...listed.split(', ')]).toEqual([path, ...enumerated]);
    }
  });
});

function enumOf(path: string): unknown[] | undefined {
  let part = schema as { properties?: Record<string, typeof part>; enum?: unknown[] } | undefined;
  for (const name of path.split('.')) part = part?.properties?.[name];
  return part?.enum;
}

describe('README.md', () => {
  it('has every value with its default and what values.yaml says of it', () => {
    const described = values.filter(({ description }) => description !== undefined);
    const rows = rowsOf('values');
    expect(rows.map(([path]) => path)).toEqual(described.map(({ path }) => `\`${path}\``));
    for (const [i, { value, isSection, description = '', default: words }] of described.entries()) {
      const [, shown, what] = rows[i] ?? [];
      expect(what).toContain(description);
      expect(shown).toBe(words ?? (isSection ? 'below' : `\`${JSON.stringify(value)}\``));
    }
  });

  it("has every option of the run with what the program's help says", () => {
    const rows = rowsOf('config');
    const set = ['data', 'trainers', 'grpcPort', 'httpPort'];
    expect(rows).toEqual(
      optionNames
        .filter((name) => !set.includes(name))
        .map((name) => {
          const { defaultText, description, kind } = options[name];
          return [`\`${name}\``, defaultText, description, kind];
        }),
    );
    expect(flagFromOption('learningRateG')).toBe('learning-rate-g');
  });

  it('sets values that there are', () => {
    const known = new Set(values.map(({ path }) => path));
    const named = [...readme.matchAll(/--set ([\w.]+)=/g)].map(([, path]) => path ?? '');
    expect(named.length).toBeGreaterThan(5);
    const ofRun = optionNames.map((name) => `config.${name}`);
    expect(named.filter((path) => !known.has(path) && !ofRun.includes(path))).toEqual([]);
  });

  it('has examples that the chart takes', async () => {
    const examples = [...readme.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text ?? '');
    expect(examples.length).toBeGreaterThan(2);
    const scratch = await mkdtemp(join(tmpdir(), 'gan-train-chart-'));
    onTestFinished(async () => rm(scratch, { recursive: true }));
    for (const [i, text] of examples.entries()) {
      const file = join(scratch, `${i}.yaml`);
      await writeFile(file, text);
      expect((await render(helm4, { file })).flatMap(unknownFields)).toEqual([]);
    }
  });

  it('deletes the Secrets of another mode by the names that Helm gives them', async () => {
    const secrets = ofKind(await render(helm4), 'Secret').map(({ metadata }) => metadata.name);
    expect(secrets).toHaveLength(4);
    expect(readme).toContain(`kubectl delete secret ${secrets.join(' ')}\``);
  });

  it.each(helms)('gives flags that $name knows', async (helm) => {
    const commands = [...readme.matchAll(/helm (install|upgrade|test) ([^`\n]*)/g)];
    expect(commands.length).toBeGreaterThan(5);
    for (const [, command = '', rest = ''] of commands) {
      const { stdout: help } = await run(helm, [command, '--help']);
      for (const [flag] of rest.matchAll(/--[\w-]+/g)) expect(help).toContain(`${flag} `);
    }
  });
});
