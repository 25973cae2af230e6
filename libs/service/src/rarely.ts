/** Different things that are remembered. */
const most = 100;

/**
 * Says each thing at once, and then at most every so often, with how many times it was left out since: what others cause must not fill
 * the log.
 */
export function rarely(
  everyMs: number,
  say: (what: string, leftOut: number) => void,
): (what: string) => void {
  const things = new Map<string, { saidAtMs: number; leftOut: number }>();
  return (what) => {
    const nowMs = performance.now();
    const before = things.get(what);
    if (before !== undefined && nowMs - before.saidAtMs < everyMs) {
      before.leftOut += 1;
      return;
    }
    if (things.size >= most) things.clear();
    things.set(what, { saidAtMs: nowMs, leftOut: 0 });
    say(what, before?.leftOut ?? 0);
  };
}
