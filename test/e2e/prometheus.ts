import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { interpolated, rulesFile, until, type Query } from '../support/index.js';

/** Processes that are scraped as one job: by their addresses and with labels, as Prometheus' service discovery gives them. */
export type TargetGroups = readonly {
  targets: readonly string[];
  labels: Readonly<Record<string, string>>;
}[];

export interface Series {
  metric: Record<string, string>;
  /** One of them; seconds and the value as text. */
  value?: [number, string];
  values?: [number, string][];
}

/** A real Prometheus, with our alert rules, which scrapes each second. */
export interface Prometheus {
  /** Scrapes these from now on; resolves when all of them answer, and nothing else is scraped. */
  scrape(groups: TargetGroups): Promise<void>;
  instant(expression: string): Promise<Series[]>;
  /** A value a second from a moment on until now. */
  range(expression: string, fromSeconds: number): Promise<Series[]>;
  labelValues(label: string, selector: string): Promise<string[]>;
  rules(): Promise<
    { name: string; health: string; lastError?: string; lastEvaluation: string; state: string }[]
  >;
  close(): Promise<void>;
}

const config = (targetsFile: string): string => `
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: ['${rulesFile}']
scrape_configs:
  - job_name: unnamed
    file_sd_configs: [{ files: ['${targetsFile}'] }]
`;

/** Starts one in a directory of its own. */
export async function startPrometheus(directory: string): Promise<Prometheus> {
  const [configFile, targetsFile] = [join(directory, 'prometheus.yml'), join(directory, 'targets.json')];
  await writeFile(configFile, config(targetsFile));
  await writeFile(targetsFile, '[]');
  const child = spawn(
    'prometheus',
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(child, 'exit');
  const said: string[] = [];
  createInterface(child.stderr).on('line', (line) => said.push(line));
  const address = await until('the address of Prometheus', () => {
    if (child.exitCode !== null) throw new Error(`Prometheus has ended:\n${said.join('\n')}`);
    return said.map((line) => /msg="Listening on".* address=(\S+)/.exec(line)?.[1]).find(Boolean);
  });

  async function ask<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const url = `http://${address}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`;
    const answer = (await (await fetch(url)).json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`${JSON.stringify(parameters)}: ${answer.error}`);
    return answer.data;
  }

  return {
    async scrape(groups) {
      await writeFile(`${targetsFile}.new`, JSON.stringify(groups));
      await rename(`${targetsFile}.new`, targetsFile);
      const wanted = groups.flatMap(({ targets }) => targets).sort();
      await until('answers of all targets', async () => {
        type Target = { health: string; discoveredLabels: { __address__: string } };
        const { activeTargets } = await ask<{ activeTargets: Target[] }>('targets', { state: 'active' });
        const up = activeTargets.filter(({ health }) => health === 'up');
        const addresses = up.map(({ discoveredLabels }) => discoveredLabels.__address__).sort();
        const isAll = activeTargets.length === up.length && addresses.join() === wanted.join();
        return isAll || undefined;
      });
    },
    instant: async (query) => (await ask<{ result: Series[] }>('query', { query })).result,
    async range(query, fromSeconds) {
      const times = { start: String(fromSeconds), end: String(Date.now() / 1_000), step: '1' };
      return (await ask<{ result: Series[] }>('query_range', { query, ...times })).result;
    },
    labelValues: async (label, selector) => ask<string[]>(`label/${label}/values`, { 'match[]': selector }),
    async rules() {
      type Groups = { groups: { rules: Awaited<ReturnType<Prometheus['rules']>> }[] };
      return (await ask<Groups>('rules')).groups.flatMap(({ rules }) => rules);
    },
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** What a dashboard shows of one run since that moment: a value a second. */
export async function shown(
  prometheus: Prometheus,
  { expression, when }: Query,
  chosen: Readonly<Record<'namespace' | 'job' | 'run', string>>,
  fromSeconds: number,
): Promise<Series[]> {
  // As Grafana has them for a graph of seconds.
  const query = interpolated(expression, { ...chosen, __interval: '1s', __rate_interval: '4s' });
  return when === 'instant' ? prometheus.instant(query) : prometheus.range(query, fromSeconds);
}

export const numbersOf = (series: readonly Series[]): number[] =>
  series
    .flatMap(({ value, values }) => values ?? (value ? [value] : []))
    .map(([, text]) => Number(text))
    .filter((value) => !Number.isNaN(value));

/** Within half a minute no rule sees anything wrong any more, not even for less than its `for`. */
export async function expectNoAlerts(prometheus: Prometheus): Promise<void> {
  const afterMs = Date.now();
  let unlike: object[] = [];
  const quiet = async (): Promise<true | undefined> => {
    const rules = await prometheus.rules();
    unlike = rules.filter(
      ({ health, state, lastEvaluation }) =>
        health !== 'ok' || state !== 'inactive' || Date.parse(lastEvaluation) < afterMs,
    );
    return (rules.length > 0 && unlike.length === 0) || undefined;
  };
  await until('no alerts', quiet).catch(() => undefined);
  expect(unlike).toEqual([]);
}

/** Runs promtool: its exit code and all that it says. */
export function promtool(args: readonly string[], input = ''): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}
