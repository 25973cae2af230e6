// What the chart says twice: the tables of its README, and the program's options in its schema.
import { optionNames, options } from '@gan-train/service';
import prettier from 'prettier';
import { chartValues } from './chart-values.mjs';
import { cell, fillMarked } from './marked.mjs';

/** Options that the chart sets itself, by values of its own. */
const ownOptions = ['data', 'trainers', 'grpcPort', 'httpPort'];
/** Ranges up to this are tried value by value: a schema can't say "a power of two". */
const mostTried = 1024;

export const configOptions = optionNames.filter((name) => !ownOptions.includes(name));

/** README.md with its tables: of the values, and of what `config` may hold. */
export function fillChartReadme(readme, valuesYaml) {
  return fillMarked(fillMarked(readme, 'values', valuesTable(valuesYaml)), 'config', configTable());
}

function valuesTable(valuesYaml) {
  const described = chartValues(valuesYaml).filter(({ description }) => description !== undefined);
  return [
    '| value | default | what |',
    '|---|---|---|',
    ...described.map(({ path, value, isSection, description, values, default: defaultText }) => {
      const shown = defaultText ?? (isSection ? 'below' : `\`${JSON.stringify(value)}\``);
      const allowed = values === undefined ? '' : ` One of: ${values}.`;
      return `| \`${path}\` | ${cell(shown)} | ${cell(description + allowed)} |`;
    }),
  ].join('\n');
}

function configTable() {
  return [
    "| `config.` | the program's default | what | kind |",
    '|---|---|---|---|',
    ...configOptions.map((name) => {
      const { description, defaultText, kind } = options[name];
      return `| \`${name}\` | ${cell(defaultText)} | ${cell(description)} | ${kind} |`;
    }),
  ].join('\n');
}

/** values.schema.json with the program's options as the properties of `config`. */
export async function fillChartSchema(text) {
  const schema = JSON.parse(text);
  schema.properties.config = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(configOptions.map((name) => [name, schemaOfOption(options[name])])),
  };
  const settings = await prettier.resolveConfig(import.meta.filename);
  return prettier.format(JSON.stringify(schema), { ...settings, parser: 'json' });
}

function schemaOfOption({ schema, description }) {
  return { description, ...typeOfSchema(schema) };
}

/** What JSON schema says of an option's own schema (zod). */
function typeOfSchema(schema) {
  switch (schema.def.type) {
    case 'boolean':
      return { type: 'boolean' };
    case 'string':
      return { type: 'string', minLength: 1 };
    case 'enum':
      return { enum: schema.options };
    case 'number':
      return typeOfNumber(schema);
    default:
      throw new Error(`the chart's schema can't say ${schema.def.type} yet`);
  }
}

function typeOfNumber(schema) {
  const { minValue: minimum, maxValue: maximum } = schema;
  if (!schema.isInt) return { type: 'number', minimum, maximum };
  if (maximum <= mostTried) {
    const tried = Array.from({ length: maximum - minimum + 1 }, (_, i) => minimum + i);
    const taken = tried.filter((value) => schema.safeParse(value).success);
    if (taken.length < tried.length) return { enum: taken };
  }
  return { type: 'integer', minimum, maximum };
}
