import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { startPrometheus } from '../../e2e/prometheus.js';
import {
  directoryOfTests,
  interpolated,
  loadDashboards,
  loadRules,
  queriesOf,
  until,
} from '../../support/index.js';
import { createTestRelease } from './release.js';
import { kubectlPath } from './tools.js';

const directory = directoryOfTests();

/** The API server as plain HTTP on this machine; ends with the test. */
async function startProxy(): Promise<string> {
  const child = spawn(kubectlPath(), ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill();
    await once(child, 'close');
  });
  for await (const line of createInterface(child.stdout)) {
    const address = /Starting to serve on (\S+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error('kubectl proxy has ended');
}

it('a real Prometheus gets losses from the pods, and answers what the dashboard and the rules ask', async () => {
  const test = await createTestRelease();
  await test.install();
  await test.untilMembers(2);
  const proxy = await startProxy();
  const prometheus = await startPrometheus(directory);
  onTestFinished(async () => prometheus.close());
  const labels = { job: `${test.namespace}/gan-train`, namespace: test.namespace, run: 'gan-train' };
  const pods = (await test.pods()).map((name) => name.replace('pod/', ''));
  const startSeconds = Date.now() / 1000;
  await prometheus.scrape(
    pods.map((pod) => ({
      targets: [proxy],
      labels: {
        ...labels,
        pod,
        __metrics_path__: `/api/v1/namespaces/${test.namespace}/pods/${pod}:8080/proxy/metrics`,
      },
    })),
  );
  const losses = await until('losses', async () => {
    const series = await prometheus.instant(`gan_train_d_loss{namespace="${test.namespace}"}`);
    return series.length === pods.length && series.every(({ value }) => Number(value?.[1]) > 0)
      ? series
      : undefined;
  });
  expect(losses.map(({ metric }) => metric.pod).sort()).toEqual([...pods].sort());
  const times = { __interval: '1s', __rate_interval: '4s' };
  const queries = loadDashboards().flatMap(queriesOf);
  expect(queries.length).toBeGreaterThan(10);
  for (const { expression } of queries)
    await prometheus.range(interpolated(expression, { ...labels, ...times }), startSeconds);
  for (const { expr } of loadRules()) await prometheus.instant(expr);
  const firing = (await prometheus.rules()).filter(({ state }) => state === 'firing');
  expect(firing).toEqual([]);
});
