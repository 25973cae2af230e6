/** What happens, in its order, for a test that waits for it. */
export interface Queue<T> {
  add: (item: T) => void;
  /** The oldest that nobody has taken, once there is one. */
  next: () => Promise<T>;
}

export function createQueue<T>(): Queue<T> {
  const items: T[] = [];
  const waiting: ((item: T) => void)[] = [];
  return {
    add(item) {
      const first = waiting.shift();
      if (first) first(item);
      else items.push(item);
    },
    async next() {
      const [item] = items.splice(0, 1);
      return item ?? new Promise<T>((resolve) => waiting.push(resolve));
    },
  };
}
