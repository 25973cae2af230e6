import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { colors, datasource } from './panels.js';
import { changes, growth, metric, perRun } from './queries.js';
import { files, learning, membership, now, processes, speed } from './rows.js';

/** One value of a label, at first the first; where processes lack it there is none, and Grafana takes the empty text. */
const labelVariable = (name: string, label: string, selector: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(`label_values(${selector}, ${name})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);

/** A mark on every graph, where the expression has a value. */
const mark = (name: string, color: string, text: string, expression: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(datasource)
    .enable(true)
    .iconColor(color)
    .titleFormat(text)
    // Grafana up to 11 reads the one, later ones the other.
    .expr(expression)
    .target(new DataqueryBuilder().refId('Anno').expr(expression));

// The largest of all processes', since trainers know them too while the coordinator is away; a generation's number is one in its term.
const term = (suffix: string): string => metric('term') + suffix;
const generation = (suffix: string): string => `1e6 * ${term(suffix)} + ${metric('generation')}${suffix}`;

/** What a person wants to see of a run first. */
export function overview(): Dashboard {
  const dashboard = new DashboardBuilder('gan-train / Overview')
    .uid('gan-train-overview')
    .description(
      'One training of gan-train: how well it learns, how fast it is, who takes part, and what is kept of it.',
    )
    .tags(['gan-train'])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('10s')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    // The job is always there: it comes first, so that it doesn't matter whether other jobs have the other labels.
    .withVariable(labelVariable('job', 'Job', 'gan_train_trainers_wanted'))
    .withVariable(labelVariable('namespace', 'Namespace', 'gan_train_trainers_wanted{job="$job"}'))
    .withVariable(labelVariable('run', 'Run', 'gan_train_trainers_wanted{job="$job",namespace="$namespace"}'))
    .annotation(
      mark(
        'Generations',
        colors.discriminator,
        'New generation',
        changes((suffix) => perRun('max', generation(suffix))),
      ),
    )
    .annotation(
      mark(
        'Coordinator',
        'purple',
        'Coordinator started again',
        changes((suffix) => perRun('max', term(suffix))),
      ),
    )
    .annotation(
      mark(
        'Lost trainers',
        colors.bad,
        'Trainer lost: {{reason}}',
        `${growth((suffix) => perRun('sum', metric('evictions_total') + suffix, 'reason'))} > 0`,
      ),
    );
  const rows = {
    Learning: learning,
    Speed: speed,
    Membership: membership,
    Files: files,
    Processes: processes,
  };
  let id = 0;
  for (const panel of now()) dashboard.withPanel(panel.id(++id));
  for (const [title, panels] of Object.entries(rows)) {
    dashboard.withRow(new RowBuilder(title).id(++id));
    for (const panel of panels()) dashboard.withPanel(panel.id(++id));
  }
  return dashboard.build();
}
