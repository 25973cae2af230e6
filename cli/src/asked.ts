import { Option, type Command } from 'commander';
import { flagFromOption, loadConfigFile, optionNames, valueFromText } from '@gan-train/service';

type Flags = Record<string, string | boolean | undefined>;

/**
 * What was asked for: the config file's options, then the flags. Nothing is checked here, unknown flags and arguments
 * included, so that all problems come out together. `own` are the command's other flags.
 */
export async function askedFromCommand<Own extends string>(
  command: Command,
  own: readonly Own[],
): Promise<{ asked: Record<string, unknown>; flags: Partial<Record<Own, string | boolean>> }> {
  const given = command.opts<Flags>();
  const file = typeof given.config === 'string' ? await loadConfigFile(given.config) : {};
  const asked: Record<string, unknown> = { ...file };
  for (const name of optionNames) {
    // As commander calls it, which knows nothing of units.
    const text = given[new Option(`--${flagFromOption(name)}`).attributeName()];
    if (typeof text === 'string') asked[name] = valueFromText(name, text);
  }
  const unknown = command.args.filter((arg) => arg.startsWith('-'));
  const surplus = unknown.length > 0 ? unknown : command.args;
  for (const arg of surplus) asked[arg.split('=')[0] ?? arg] = true;
  const flags = Object.fromEntries(own.flatMap((name) => (name in given ? [[name, given[name]]] : [])));
  return { asked, flags: flags as Partial<Record<Own, string | boolean>> };
}
