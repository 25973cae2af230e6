/** Works that are done one at a time, in the order of the calls; one that fails stops none that follows. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
