import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roles, type Role } from '@gan-train/rpc';
import { createAuthority, writeIdentity } from '@gan-train/rpc/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  csvOf,
  directoryOfTests,
  endless,
  interpolated,
  loadDashboards,
  loadRules,
  queriesOf,
  rulesFile,
  setupMs,
  startTestCluster,
  tinyDcgan,
  trainersOf,
  until,
  type Query,
  type TestCluster,
} from '../support/index.js';
import {
  expectNoAlerts,
  numbersOf,
  promtool,
  shown,
  startPrometheus,
  type Prometheus,
  type Series,
} from './prometheus.js';

const directory = directoryOfTests();
const asked = { ...tinyDcgan, steps: endless, sampleEvery: 50, weightsEvery: 50, checkpointSeconds: 1 };

/** A run whose addresses Prometheus has from a list, as in README, and one that the chart's PodMonitor finds: labels that are missing are ''. */
const plain = { job: 'gan-train', namespace: '', run: 'faces' };
const kubernetes = { job: 'faces', namespace: 'lab', run: '' };
/** A release of the same name elsewhere. */
const twin = { ...kubernetes, namespace: 'attic' };

let cluster: TestCluster;
let prometheus: Prometheus;
let startSeconds = 0;

async function certificates(): Promise<Record<Role, string>> {
  const authority = await createAuthority();
  const notAfterMs = Date.now() + 30 * 86_400_000;
  const dirs = roles.map((role) => [role, join(directory, 'tls', role)] as const);
  for (const [role, dir] of dirs) await writeIdentity(authority, role, { notAfterMs }, dir);
  return Object.fromEntries(dirs) as Record<Role, string>;
}

/** The addresses where the processes that live now answer. */
async function scrapeAll(): Promise<void> {
  const ports = [cluster.httpPort, ...(await trainersOf(cluster.directory)).map(({ httpPort }) => httpPort)];
  const targets = ports.map((port) => `127.0.0.1:${port}`);
  const pods = ['faces-coordinator-0', ...ports.slice(1).map((_, i) => `faces-trainer-${i}`)];
  await prometheus.scrape([
    { targets, labels: { job: plain.job, run: plain.run } },
    ...[kubernetes, twin].flatMap(({ job, namespace }) =>
      targets.map((target, i) => ({
        targets: [target],
        labels: { job, namespace, pod: pods[i] as string },
      })),
    ),
  ]);
}

const answer = async (query: Query, chosen: typeof plain): Promise<Series[]> =>
  shown(prometheus, query, chosen, startSeconds);

beforeAll(async () => {
  startSeconds = Date.now() / 1_000;
  const out = join(directory, 'run');
  cluster = await startTestCluster({
    asked: { ...asked, trainers: 2 },
    out,
    trainers: 2,
    tlsDirs: await certificates(),
  });
  await mkdir(join(directory, 'prometheus'));
  prometheus = await startPrometheus(join(directory, 'prometheus'));
  await cluster.untilStep(1);
  await scrapeAll();
  // What happens to a run: a trainer is lost and another one takes its state over; the coordinator is lost.
  cluster.signalTrainer(1, 'SIGKILL');
  await cluster.untilGeneration(3);
  await scrapeAll();
  cluster.signalCoordinator('SIGKILL');
  await cluster.untilGeneration(4);
  await scrapeAll();
}, setupMs);

afterAll(async () => prometheus?.close());

describe.each([plain, kubernetes])('with what is scraped as $job', (chosen) => {
  const dashboards = loadDashboards();
  const queries = dashboards.flatMap(queriesOf);
  const queryOf = (panel: string): Query => queries.find(({ where }) => where.startsWith(panel)) as Query;

  it.each(queries)('$where has data, of this run only', async (query) => {
    // Once what it asks for has been scraped often enough.
    const series = await until(query.where, async () => {
      const found = await answer(query, chosen);
      return numbersOf(found).length > 0 ? found : undefined;
    });
    for (const [, label = ''] of query.text.matchAll(/\{\{(\w+)\}\}/g))
      for (const { metric } of series) expect(metric[label], `{{${label}}}`).toMatch(/./);
    for (const { metric } of series)
      expect({ job: '', namespace: '', run: '', ...metric }).toMatchObject(chosen);
  });

  it('processes have names', async () => {
    const memory = await answer({ ...queryOf('Memory'), when: 'instant' }, chosen);
    const names = memory.map(({ metric }) => metric.process);
    const pods = ['faces-coordinator-0', 'faces-trainer-0', 'faces-trainer-1'];
    if (chosen === kubernetes) expect(names.sort()).toEqual(pods);
    else for (const name of names) expect(name).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(names).toHaveLength(3);
  });

  it('its status is one number', async () => {
    expect(numbersOf(await answer(queryOf('Status'), chosen))).toEqual([1]);
  });

  it('a state that was taken over before the first scrape is seen', async () => {
    await until('seconds', async () => {
      const seconds = numbersOf(await answer(queryOf('State transfer time'), chosen));
      return seconds.some((value) => value > 0) || undefined;
    });
  });

  it('it can be chosen', async () => {
    for (const { templating } of dashboards)
      for (const { name, query } of templating.list.filter(({ type }) => type === 'query')) {
        const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
        expect(label).toBe(name);
        const values = await prometheus.labelValues(name, interpolated(selector as string, chosen));
        const value = chosen[name as keyof typeof chosen];
        // Where there are no values Grafana takes the empty text.
        if (value === '') expect(values).toEqual([]);
        else expect(values).toContain(value);
      }
  });
});

it('losses are those of the table', async () => {
  const shown = async (name: string): Promise<number[]> => {
    const expression = `gan_train_${name} and gan_train_trainers_wanted`;
    return numbersOf(await prometheus.range(expression, startSeconds));
  };
  const [dLosses, gLosses] = await Promise.all(['d_loss', 'g_loss'].map(shown));
  const rows = (await csvOf(cluster.directory)).split('\n').map((line) => line.split(',').map(Number));
  for (const [losses, column] of [
    [dLosses, 2],
    [gLosses, 3],
  ] as const) {
    const table = new Set(rows.map((row) => row[column]));
    expect(losses?.length).toBeGreaterThan(3);
    for (const loss of losses ?? []) expect(table).toContain(loss);
  }
});

it('trainers say that they are connected, to a coordinator that was started again too', async () => {
  const connected = `gan_train_coordinator_connected{job="${plain.job}"}`;
  await until('two sessions', async () => {
    const now = numbersOf(await prometheus.instant(connected));
    return (now.length === 2 && now.every((value) => value === 1)) || undefined;
  });
});

describe('alert rules', () => {
  it('are evaluated without an error, and say nothing of a run that goes on', async () => {
    await expectNoAlerts(prometheus);
    const names = (await prometheus.rules()).map(({ name }) => name);
    expect(names).toEqual(loadRules().map(({ alert }) => alert));
  });

  it('answer as queries', async () => {
    for (const { expr } of loadRules()) await prometheus.instant(expr);
  });

  it('pass the check and the tests of promtool', () => {
    const tests = fileURLToPath(new URL('rules.test.yaml', import.meta.url));
    for (const args of [
      ['check', 'rules', rulesFile],
      ['test', 'rules', tests],
    ]) {
      const { code, said } = promtool(args);
      expect(code, said).toBe(0);
      expect(said).toContain('SUCCESS');
    }
  });
});

it("README's way to scrape is one that Prometheus takes", async () => {
  const readme = await readFile(new URL('../../grafana/README.md', import.meta.url), 'utf8');
  const [, config = ''] = /^```yaml\n(.*?)^```$/ms.exec(readme) ?? [];
  await copyFile(rulesFile, join(directory, basename(rulesFile)));
  await writeFile(join(directory, 'prometheus.yml'), config);
  const { code, said } = promtool(['check', 'config', join(directory, 'prometheus.yml')]);
  expect(code, said).toBe(0);
  expect(said).toContain(`${loadRules().length} rules found`);
});

it('the names of the metrics of both kinds of process pass the check of promtool', async () => {
  const [trainer] = await trainersOf(cluster.directory);
  for (const port of [cluster.httpPort, trainer?.httpPort]) {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('gan_train_d_loss ');
    const { said } = promtool(['check', 'metrics'], metrics);
    // It takes the discriminator's letter for days.
    const known = /^gan_train_d_(loss|output_mean) metric names should not contain abbreviated units$/;
    expect(said.split('\n').filter((line) => line !== '' && !known.test(line))).toEqual([]);
  }
});
