import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const folder = fileURLToPath(new URL('../../grafana/', import.meta.url));
export const rulesFile = fileURLToPath(new URL('../../helm/gan-train/rules/gan-train.yaml', import.meta.url));

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  fieldConfig?: { defaults: { unit?: string } };
  datasource?: { uid: string };
  targets?: { expr: string; legendFormat: string; instant?: boolean; datasource?: { uid: string } }[];
}

export interface Dashboard {
  uid: string;
  panels: Panel[];
  templating: { list: { name: string; type: string; query: string }[] };
  annotations: { list: { name: string; titleFormat: string; target: { expr: string } }[] };
}

export interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** Some PromQL, and where it stands. */
export interface Query {
  where: string;
  expression: string;
  when: 'instant' | 'range';
  /** What names a line, or a mark. */
  text: string;
}

/** The committed dashboards. */
export function loadDashboards(): Dashboard[] {
  const names = readdirSync(folder).filter((name) => name.startsWith('gan-train-'));
  return names.map((name) => JSON.parse(readFileSync(folder + name, 'utf8')) as Dashboard);
}

/** The committed alert rules. */
export function loadRules(): Rule[] {
  const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Of all panels and annotations. */
export function queriesOf({ panels, annotations }: Dashboard): Query[] {
  const ofPanels = panels.flatMap(({ title = '', targets = [] }) =>
    targets.map(({ expr, legendFormat, instant }): Query => {
      const when = instant === true ? 'instant' : 'range';
      return { where: `${title}: ${legendFormat}`, expression: expr, when, text: legendFormat };
    }),
  );
  const ofMarks = annotations.list.map(({ name, titleFormat, target }): Query => {
    return { where: `annotation ${name}`, expression: target.expr, when: 'range', text: titleFormat };
  });
  return [...ofPanels, ...ofMarks];
}

/** As Grafana does: what is chosen, by the variable's name. */
export const interpolated = (text: string, chosen: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$(\w+)/g, (whole, name: string) => chosen[name] ?? whole);

/** Names of our metrics in some PromQL. */
export const metricsIn = (expression: string): string[] => expression.match(/\bgan_train_\w+/g) ?? [];
