import { createCoordinatorMetrics } from '@gan-train/coordinator/metrics';
import { resolveConfig } from '@gan-train/service';
import { createTrainerMetrics } from '@gan-train/trainer/metrics';
import { expect, it } from 'vitest';
import { loadDashboards, loadRules, metricsIn, queriesOf, tinyDcgan } from '../support/index.js';

const dashboards = loadDashboards();
const rules = loadRules();

/** Names of all series that the two kinds of process can show. */
async function seriesNames(): Promise<Set<string>> {
  const tls = { material: () => ({ notAfterMs: 0 }) } as Parameters<typeof createTrainerMetrics>[0];
  const registries = [
    createCoordinatorMetrics(resolveConfig(tinyDcgan), '1', tls).registry,
    createTrainerMetrics(tls).registry,
  ];
  const metrics = (await Promise.all(registries.map(async (of) => of.getMetricsAsJSON()))).flat();
  return new Set(
    metrics.flatMap(({ name, type }) =>
      String(type) === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
    ),
  );
}

it('dashboards and rules ask for metrics that exist', async () => {
  const names = await seriesNames();
  const asked = [
    ...dashboards.flatMap((dashboard) => [
      ...queriesOf(dashboard).map(({ where, expression }) => ({ where, expression })),
      ...dashboard.templating.list.map(({ name, query }) => ({
        where: `variable ${name}`,
        expression: query,
      })),
    ]),
    ...rules.map(({ alert, expr }) => ({ where: alert, expression: expr })),
  ];
  const unknown = asked.flatMap(({ where, expression }) =>
    metricsIn(expression).flatMap((name) => (names.has(name) ? [] : [`${where}: ${name}`])),
  );
  expect(unknown).toEqual([]);
  expect(asked.filter(({ expression }) => metricsIn(expression).length > 0).length).toBeGreaterThan(40);
});

it('every panel says what it shows, in which unit, of the one data source that is chosen', () => {
  for (const { uid, panels, templating } of dashboards) {
    expect(uid).toMatch(/^gan-train-[a-z-]+$/);
    expect(templating.list.filter(({ type }) => type === 'datasource').map(({ name }) => name)).toEqual([
      'datasource',
    ]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels.filter(({ type }) => type !== 'row')) {
      const about = `${uid}: ${panel.title}`;
      expect(panel.title, about).toMatch(/\w/);
      expect(panel.description, about).toMatch(/\w.*\.$/);
      expect(panel.fieldConfig?.defaults.unit, about).toMatch(/\w/);
      for (const part of [panel, ...(panel.targets ?? [])])
        expect(part.datasource?.uid, about).toBe('${datasource}');
      for (const { expr } of panel.targets ?? []) {
        // Of one run only.
        const selections = expr.split('namespace="$namespace",job="$job",run="$run"}').length - 1;
        expect(selections, about).toBe(metricsIn(expr).length);
        for (const [, range] of expr.matchAll(/\[(.*?)\]/g)) expect(range, about).toBe('$__rate_interval');
      }
    }
  }
});

it('every mark has its query where older and where newer Grafanas look for it', () => {
  for (const { annotations } of dashboards)
    for (const mark of annotations.list) expect(mark, mark.name).toMatchObject({ expr: mark.target.expr });
});

it('every alert says what is wrong with which run, how bad it is, and how long that must last', () => {
  const names = rules.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  for (const { alert, for: lasts, labels, annotations } of rules) {
    expect(alert).toMatch(/^GanTrain[A-Z]\w+$/);
    expect(lasts, alert).toMatch(/^\d+[mh]$/);
    expect(['warning', 'critical'], alert).toContain(labels.severity);
    expect(annotations.summary, alert).toContain(
      '{{ $labels.namespace }} {{ $labels.job }} {{ $labels.run }}',
    );
    expect(annotations.description, alert).toMatch(/\w.*\.$/s);
  }
});
