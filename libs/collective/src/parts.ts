/** A range of elements of a flat buffer. */
export interface ElementRange {
  start: number;
  end: number;
}

/** Cuts a flat buffer into buckets of `bucketElements`, in order; the last one is what is left. */
export function bucketsOfLength(length: number, bucketElements: number): ElementRange[] {
  const count = Math.ceil(length / bucketElements);
  return Array.from({ length: count }, (_, i) => ({
    start: i * bucketElements,
    end: Math.min(length, (i + 1) * bucketElements),
  }));
}

/** The part of a bucket that rank `part` of n owns: it reduces it and serves the sum. May be empty. */
export function partOfBucket({ start, end }: ElementRange, n: number, part: number): ElementRange {
  const length = end - start;
  return {
    start: start + Math.floor((part * length) / n),
    end: start + Math.floor(((part + 1) * length) / n),
  };
}
