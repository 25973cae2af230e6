import { forwardPort, openCluster } from '@gan-train/kubernetes';
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

const directory = directoryOfTests();

/** The metrics of a pod, at an address of this machine: network policies let nobody else in than the cluster's own Prometheus. */
async function forwarded(namespace: string, pod: string): Promise<string> {
  const { port, close } = await forwardPort(openCluster({ namespace }), pod, 8080);
  onTestFinished(close);
  return `127.0.0.1:${port}`;
}

it('a real Prometheus gets losses from the pods, and answers what the dashboard and the rules ask', async () => {
  const test = await createTestRelease();
  await test.install();
  await test.untilMembers(2);
  const prometheus = await startPrometheus(directory);
  onTestFinished(async () => prometheus.close());
  const labels = { job: `${test.namespace}/gan-train`, namespace: test.namespace, run: 'gan-train' };
  const pods = (await test.pods()).map((name) => name.replace('pod/', ''));
  const startSeconds = Date.now() / 1000;
  const groups = pods.map(async (pod) => ({
    targets: [await forwarded(test.namespace, pod)],
    labels: { ...labels, pod },
  }));
  await prometheus.scrape(await Promise.all(groups));
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
