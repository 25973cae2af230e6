import { GanTrainError } from '@gan-train/service';

/** A flag's text as a whole number. Throws `bad_config`. */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new GanTrainError(
    'bad_config',
    `${flag} must be a whole number from ${least} to ${most}, not ${text}`,
  );
}
