/**
 * Tells which lines of a log are new that is read more than once, each time from some line near its end on: `begin` says that it is read again. Lines
 * that were shown are known by their text, and after the first one that isn't known all are new: also those that are said word for word again, as a
 * process that is started over and over does. It remembers as many lines as are read again.
 */
export function createLinesAgain(most: number): { begin(): void; isNew(text: string): boolean } {
  const known = new Set<string>();
  let isBehind = false;
  return {
    begin() {
      isBehind = true;
    },
    isNew(text) {
      const isKnown = known.delete(text);
      isBehind &&= isKnown;
      known.add(text);
      const [oldest] = known;
      if (known.size > most && oldest !== undefined) known.delete(oldest);
      return !isBehind;
    },
  };
}
