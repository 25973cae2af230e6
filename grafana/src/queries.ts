// PromQL of the dashboards. Whoever scrapes says which run a process belongs to, by the labels namespace, job and run; to Prometheus a label
// that isn't there is an empty one.

const selection = 'namespace="$namespace",job="$job",run="$run"';
const runLabels = ['namespace', 'job', 'run'];

export interface Labels {
  [label: string]: string;
}

/** A metric of the chosen run, by its name without our prefix. */
export function metric(name: string, labels: Labels = {}): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `gan_train_${name}{${[...matchers, selection].join(',')}}`;
}

/** Of what both kinds of process have, the coordinator's; `own` is a label of the expression that tells no processes apart. */
export const fromCoordinator = (expression: string, own?: string): string =>
  `${expression} and${own === undefined ? '' : ` ignoring(${own})`} ${metric('trainers_wanted')}`;

/** One value a run and each of these labels, whatever the addresses of its processes are. */
export const perRun = (aggregate: 'max' | 'min' | 'sum', expression: string, ...labels: string[]): string =>
  `${aggregate} by (${[...runLabels, ...labels].join(', ')}) (${expression})`;

/** One value a process, which is named by its pod or else by its address: the label `process`. */
export function perProcess(aggregate: 'max' | 'min' | 'sum', expression: string): string {
  const address = `label_replace(${expression}, "process", "$1", "instance", "(.+)")`;
  return perRun(aggregate, `label_replace(${address}, "process", "$1", "pod", "(.+)")`, 'process');
}

export const rate = (selector: string): string => `rate(${selector}[$__rate_interval])`;

/** A histogram's mean over what it has counted of late; gaps where that is nothing. */
export const mean = (name: string, ...labels: string[]): string =>
  ['sum', 'count'].map((part) => perRun('sum', rate(metric(`${name}_${part}`)), ...labels)).join(' / ');

/**
 * How much a counter has grown from one point of the graph to the next: whole numbers, each event once. `write(suffix)` is the
 * counter, with that suffix at each of its selectors.
 */
export const growth = (write: (suffix: string) => string): string =>
  `clamp_min(${write('')} - ${write(' offset $__interval')}, 0)`;

/**
 * The same where a process may be new at a point, or have started again: then it has grown from 0. A scrape that failed is passed over.
 * `write(at)` puts each selector through `at`.
 */
export function growthFromStart(write: (at: (selector: string) => string) => string): string {
  const value = write((selector) => selector);
  const before = write((selector) => `last_over_time(${selector}[$__rate_interval] offset $__interval)`);
  return `${value} - (${before} <= ${value} or 0 * ${value})`;
}

/** Points of the graph at which a value is another one than at the point before. */
export const changes = (write: (suffix: string) => string): string =>
  `${write('')} != ${write(' offset $__interval')}`;
