/** A line that a process of a run has written. */
export interface LogLine {
  process: string;
  text: string;
  /** As JSON, where it is that. */
  fields: Record<string, unknown> | undefined;
}

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
/** Shown in front, or the same in all lines of a process. */
const shown = ['level', 'time', 'msg', 'service', 'trainer', 'err'];

export function logLineFrom(process: string, text: string): LogLine {
  try {
    const fields: unknown = JSON.parse(text);
    const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
    return { process, text, fields: isObject ? (fields as Record<string, unknown>) : undefined };
  } catch {
    return { process, text, fields: undefined };
  }
}

/** For sorting: the time that it says, or that of the line before it. */
export function timesOf(lines: readonly LogLine[]): string[] {
  let last = '';
  return lines.map(({ fields }) => (last = typeof fields?.time === 'string' ? fields.time : last));
}

/** For a person: time, process, level, message, and the other fields. */
export function textFromLine({ process, text, fields }: LogLine, width: number): string {
  const name = process.padEnd(width);
  if (fields === undefined) return `${' '.repeat(12)}  ${name}  ${' '.repeat(5)}  ${text}`;
  const time = typeof fields.time === 'string' ? fields.time.slice(11, 23) : '';
  const level = levels[Number(fields.level)] ?? '';
  const rest = Object.entries(fields)
    .filter(([key]) => !shown.includes(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const error = (fields.err as { message?: string } | undefined)?.message;
  const words = [
    typeof fields.msg === 'string' ? fields.msg : '',
    ...(error === undefined ? [] : [error]),
    ...rest,
  ];
  return `${time.padEnd(12)}  ${name}  ${level.padEnd(5)}  ${words.join('  ')}`;
}
