// The values of the chart, with what the comments in values.yaml say about them.
import { isMap, isNode, parseDocument } from 'yaml';

/**
 * All values in the file's order; a map is followed by what it holds, unless its comment describes it as a whole (`@default`).
 *
 * A comment describes the value below it from the line on that begins with `--`. A line `@values` lists what may be given, a line
 * `@default` says in words what is given without.
 *
 * @returns {{ path: string, value: unknown, isSection: boolean, description?: string, values?: string, default?: string }[]}
 */
export function chartValues(text) {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw document.errors[0];
  return valuesBelow(document.contents, []);
}

function valuesBelow(map, prefix) {
  return map.items.flatMap(({ key, value }, i) => {
    const names = [...prefix, key.value];
    // What stands above the first key of a map belongs to the map.
    const comment = i === 0 && map.commentBefore ? map.commentBefore : key.commentBefore;
    const about = aboutFromComment(comment ?? '');
    const isSection = isMap(value) && value.items.length > 0 && about.default === undefined;
    const entry = {
      path: names.join('.'),
      value: isNode(value) ? value.toJSON() : value,
      isSection,
      ...about,
    };
    return isSection ? [entry, ...valuesBelow(value, names)] : [entry];
  });
}

function aboutFromComment(comment) {
  const [, described] = /(?:^|\n) *-- ([^]*)$/.exec(comment) ?? [];
  if (described === undefined) return {};
  const lines = described.split('\n').map((line) => line.trim());
  const tagged = (tag) => lines.find((line) => line.startsWith(`@${tag} `))?.slice(tag.length + 2);
  const description = lines.filter((line) => !line.startsWith('@')).join(' ');
  return { description, values: tagged('values'), default: tagged('default') };
}
