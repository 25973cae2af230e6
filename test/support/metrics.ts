export interface Scrape {
  /** How long the answer took. */
  ms: number;
  contentType: string;
  /** By name and labels, as they stand in the text: `gan_train_steps_total{result="committed"}`. */
  values: ReadonlyMap<string, number>;
}

export async function scrape(port: number): Promise<Scrape> {
  const startMs = performance.now();
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  const ms = performance.now() - startMs;
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const values = new Map(
    samples.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
  return { ms, contentType: answer.headers.get('content-type') ?? '', values };
}

export const stepsCommitted = ({ values }: Scrape): number =>
  values.get('gan_train_steps_total{result="committed"}') ?? 0;
