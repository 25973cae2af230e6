import { forwardPort, openCluster } from '@gan-train/kubernetes';
import { expect, it, onTestFinished } from 'vitest';
import { expectNoAlerts, numbersOf, shown, startPrometheus } from '../../e2e/prometheus.js';
import { directoryOfTests, loadDashboards, loadRules, queriesOf, until } from '../../support/index.js';
import { createTestRelease, release } from './release.js';

const directory = directoryOfTests();

/** The metrics of a pod, at an address of this machine: network policies let nobody else in than the cluster's own Prometheus. */
async function forwarded(namespace: string, pod: string): Promise<string> {
  const { port, close } = await forwardPort(openCluster({ namespace }), pod, 8080);
  onTestFinished(close);
  return `127.0.0.1:${port}`;
}

it('a real Prometheus gets losses from the pods, and answers what the dashboard and the rules ask', async () => {
  const test = await createTestRelease();
  await test.install('--set', 'config.checkpointSeconds=2');
  await test.untilMembers(2);
  const prometheus = await startPrometheus(directory);
  onTestFinished(async () => prometheus.close());
  // What the chart's monitors make of a pod.
  const labels = { job: release, namespace: test.namespace };
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
  const chosen = { ...labels, run: '' };
  // A quiet run has nothing that is marked.
  const queries = loadDashboards()
    .flatMap(queriesOf)
    .filter(({ where }) => !where.startsWith('annotation '));
  expect(queries.length).toBeGreaterThan(10);
  for (const query of queries)
    await until(query.where, async () => {
      const numbers = numbersOf(await shown(prometheus, query, chosen, startSeconds));
      return numbers.length > 0 || undefined;
    });
  for (const { expr } of loadRules()) await prometheus.instant(expr);
  await expectNoAlerts(prometheus);
});
