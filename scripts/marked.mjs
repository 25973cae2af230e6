/** A document with `text` between its markers of this name. */
export function fillMarked(document, name, text) {
  const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- ${name}: end -->`];
  const [before, rest = ''] = document.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) throw new Error(`there is no ${begin} ... ${end}`);
  return `${before}${begin}\n${text}\n${end}${after}`;
}

/** A text as a cell of a Markdown table. */
export const cell = (text) => text.replaceAll('|', '\\|');
