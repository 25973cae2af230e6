// The panels of the overview, row by row.
import {
  BigValueColorMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LineInterpolation,
  ScaleDistribution,
  ScaleDistributionConfigBuilder,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  SpecialValueMatch,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  asWish,
  barGraph,
  colored,
  colors,
  fixed,
  graph,
  stackedGraph,
  stat,
  thresholds,
  timeline,
} from './panels.js';
import {
  fromCoordinator,
  growth,
  growthFromStart,
  mean,
  metric,
  perProcess,
  perRun,
  rate,
} from './queries.js';

const byNetwork = { discriminator: colors.discriminator, generator: colors.generator };

/** What a run may be; the first is 1. */
const statuses = {
  running: colors.good,
  finished: colors.discriminator,
  stopped: colors.careful,
  failed: colors.bad,
};
const noCoordinator = 'no coordinator';

/** Seconds since the last checkpoint, or since the start where there is none, of a run that is not over. */
function checkpointAge(): string {
  const start = fromCoordinator(metric('process_start_time_seconds'));
  const since = perRun('max', `${metric('checkpoint_last_success_timestamp_seconds')} or ${start}`);
  return `time() - ${since} and ${perRun('max', metric('run_status', { status: 'running' }))} == 1`;
}

/** What is going on, at a glance. */
export function now() {
  const step = perRun('max', metric('step'));
  const stepsWanted = perRun('max', metric('steps_wanted'));
  const stepsPerSecond = perRun('sum', fromCoordinator(rate(metric('steps_total')), 'result'));
  const status = Object.keys(statuses).map((is, i) => `${i + 1} * ${metric('run_status', { status: is })}`);
  const statusTexts = Object.entries(statuses).map(([text, color], i) => [i + 1, { text, color }] as const);
  return [
    stat(
      {
        title: 'Status',
        description: `What the run is. "${noCoordinator}": none answers; look for its pod, or its process.`,
        unit: 'none',
        width: 3,
      },
      { status: perRun('max', status.join(' or ')) },
    )
      .textMode(BigValueTextMode.Value)
      .colorMode(BigValueColorMode.Background)
      .noValue(noCoordinator)
      .mappings([
        { type: MappingType.ValueToText, options: Object.fromEntries(statusTexts) },
        {
          type: MappingType.SpecialValue,
          options: {
            match: SpecialValueMatch.NullAndNan,
            result: { text: noCoordinator, color: colors.bad },
          },
        },
      ]),
    stat(
      {
        title: 'Step',
        description: 'The last stored step, and the one that the run ends with.',
        unit: 'none',
        width: 4,
      },
      { step, of: stepsWanted },
    )
      .textMode(BigValueTextMode.ValueAndName)
      .decimals(0)
      .colorScheme(fixed(colors.plain)),
    stat(
      { title: 'Time left', description: 'Until the last step, at the speed of now.', unit: 's', width: 3 },
      { left: `(${stepsWanted} - ${step}) / (${stepsPerSecond} > 0)` },
    )
      .decimals(1)
      .colorScheme(fixed(colors.plain)),
    stat(
      {
        title: 'Images per second',
        description: 'Training images in the last stored step, over all trainers.',
        unit: 'none',
        width: 4,
      },
      { images: perRun('max', metric('images_per_second')) },
    )
      .decimals(1)
      .colorScheme(fixed(colors.plain)),
    stat(
      {
        title: 'Trainers',
        description: 'Trainers that are members or ready to be, and how many the run wants.',
        unit: 'none',
        width: 4,
      },
      { present: perRun('max', metric('trainers')), wanted: perRun('max', metric('trainers_wanted')) },
    )
      .textMode(BigValueTextMode.ValueAndName)
      .colorScheme(fixed(colors.plain)),
    stat(
      {
        title: 'Checkpoint age',
        description:
          'Since the last checkpoint was stored: so much work is lost when all processes end at once. Empty when the run is over.',
        unit: 's',
        width: 3,
      },
      { age: checkpointAge() },
    )
      .decimals(0)
      .thresholds(thresholds(colors.good, [600, colors.careful], [3_600, colors.bad])),
    stat(
      {
        title: 'Stalled for',
        description:
          'Since the last commit, while there is no progress; else 0. `gan-train status` says who is waited for.',
        unit: 's',
        width: 3,
      },
      { stalled: perRun('max', metric('stalled_seconds')) },
    )
      .decimals(0)
      .thresholds(thresholds(colors.good, [1, colors.careful], [60, colors.bad])),
  ];
}

/** How well the networks do. */
export const learning = () => [
  colored(
    graph(
      {
        title: 'Losses',
        description:
          'Of the last stored step. Neither should go to 0 for good: then one network has won, and the other learns nothing more.',
        unit: 'none',
        width: 12,
      },
      {
        discriminator: perRun('max', fromCoordinator(metric('d_loss'))),
        generator: perRun('max', fromCoordinator(metric('g_loss'))),
      },
    ),
    byNetwork,
  ).decimals(3),
  colored(
    graph(
      {
        title: "Discriminator's outputs",
        description:
          'Its mean verdict on real and on generated images: 1 says real. They are apart while it tells them apart; both at 0.5 means that it only guesses.',
        unit: 'none',
        width: 12,
      },
      { '{{input}}': perRun('max', fromCoordinator(metric('d_output_mean'), 'input'), 'input') },
    ),
    { real: 'green', fake: 'purple' },
  )
    .decimals(3)
    .min(0)
    .max(1)
    .thresholds(thresholds('transparent', [0.5, colors.plain]))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed)),
  colored(
    graph(
      {
        title: 'Gradient norm',
        description: 'Euclidean norm of the mean gradient. All trainers see the same.',
        unit: 'none',
        width: 12,
      },
      { '{{network}}': perRun('max', metric('grad_norm'), 'network') },
    ),
    byNetwork,
  ).scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10)),
  colored(
    barGraph(
      {
        title: 'Skipped updates',
        description:
          'Phases whose gradient was not finite: every trainer skips that update. The run ends after maxSkipped in a row.',
        unit: 'none',
        width: 12,
      },
      {
        '{{network}}': growth((suffix) =>
          perRun('max', metric('nonfinite_phases_total') + suffix, 'network'),
        ),
      },
    ),
    byNetwork,
  ).decimals(0),
];

/** How fast it is, and where the time goes. */
export const speed = () => [
  graph(
    {
      title: 'Images per second',
      description:
        'In the last stored step, and on average with all pauses: what trainers computed gradients of.',
      unit: 'none',
      width: 8,
    },
    {
      'last step': perRun('max', metric('images_per_second')),
      average: perRun('sum', rate(metric('items_total'))),
    },
  ).min(0),
  colored(
    stackedGraph(
      {
        title: 'Step time by part',
        description:
          "A mean step of a trainer: waiting for its images, computing its shards' gradients, waiting for the sum over all trainers, updating the weights.",
        unit: 's',
        width: 8,
      },
      // A step is two phases, and phases are what is counted.
      { '{{part}}': `2 * ${mean('step_seconds', 'part')}` },
    ),
    { data: 'yellow', compute: 'blue', wait: 'orange', update: 'green' },
  ),
  graph(
    {
      title: 'Waiting for others, by trainer',
      description:
        'Share of its time that a trainer waits for sums: the one with the least is the one that the others wait for.',
      unit: 'percentunit',
      width: 8,
    },
    { '{{process}}': perProcess('sum', rate(metric('step_seconds_sum', { part: 'wait' }))) },
  ).min(0),
  stackedGraph(
    {
      title: 'Images per second, by trainer',
      description: 'What each trainer computes gradients of.',
      unit: 'none',
      width: 12,
    },
    { '{{process}}': perProcess('sum', rate(metric('items_total'))) },
  ),
  graph(
    {
      title: 'All-reduce traffic',
      description:
        'Gradient bytes that trainers sent and received. On one host the sums go through memory, and only that they are there is sent.',
      unit: 'Bps',
      width: 12,
    },
    { '{{direction}}': perRun('sum', rate(metric('allreduce_bytes_total')), 'direction') },
  ).min(0),
];

/** Who takes part, and what happened to whom. */
export const membership = () => [
  asWish(
    graph(
      {
        title: 'Trainers',
        description: 'Trainers that are members or ready to be, and how many the run wants.',
        unit: 'none',
        width: 8,
      },
      { present: perRun('max', metric('trainers')), wanted: perRun('max', metric('trainers_wanted')) },
    ),
    'wanted',
  )
    .min(0)
    .decimals(0)
    .lineInterpolation(LineInterpolation.StepAfter)
    .fillOpacity(25),
  timeline(
    {
      title: 'Generations',
      description:
        'A generation is one membership; it ends when a trainer joins, leaves or is lost. The term grows when the coordinator is started again.',
      unit: 'none',
      width: 8,
    },
    {
      generation: perRun('max', fromCoordinator(metric('generation'))),
      term: perRun('max', fromCoordinator(metric('term'))),
    },
  ).colorScheme(new FieldColorBuilder().mode(FieldColorModeId.ContinuousBlPu)),
  barGraph(
    {
      title: 'Lost trainers, by reason',
      description:
        'session: its connection broke; silence: nothing was heard of it; deadline: its own work took too long; partition: others could not reach it; failed: it said so; pod: Kubernetes said so.',
      unit: 'none',
      width: 8,
    },
    { '{{reason}}': growth((suffix) => perRun('sum', metric('evictions_total') + suffix, 'reason')) },
  ).decimals(0),
  graph(
    {
      title: 'Stalled',
      description:
        'Since the last commit, while there is no progress. The log and `gan-train status` say who is waited for.',
      unit: 's',
      width: 8,
    },
    { stalled: perRun('max', metric('stalled_seconds')) },
  )
    .min(0)
    .colorScheme(fixed(colors.bad))
    .lineInterpolation(LineInterpolation.StepAfter)
    .fillOpacity(25),
  timeline(
    {
      title: 'Session with the coordinator',
      description: 'Trainers train on for a while without one, and look for it.',
      unit: 'none',
      width: 8,
    },
    { '{{process}}': perProcess('max', metric('coordinator_connected')) },
  ).mappings([
    {
      type: MappingType.ValueToText,
      options: {
        '0': { text: 'disconnected', color: colors.careful },
        '1': { text: 'connected', color: colors.good },
      },
    },
  ]),
  barGraph(
    {
      title: 'State transfer time',
      description:
        'Seconds that trainers which join or come back spent on copying the state from the others.',
      unit: 's',
      width: 8,
    },
    { '{{process}}': growthFromStart((at) => perProcess('sum', at(metric('heal_seconds_sum')))) },
  ),
];

/** What is kept of the run. */
export const files = () => [
  asWish(
    graph(
      {
        title: 'Checkpoint age',
        description:
          'Since the last checkpoint was stored, and how often one is asked for (checkpointSeconds). Empty when the run is over.',
        unit: 's',
        width: 8,
      },
      {
        age: checkpointAge(),
        interval: perRun('max', metric('checkpoint_interval_seconds')),
      },
    ),
    'interval',
  ).min(0),
  graph(
    {
      title: 'Checkpoint write time',
      description: 'Mean seconds to receive, write and read back a checkpoint, or Keras weights.',
      unit: 's',
      width: 8,
    },
    { '{{op}}': mean('checkpoint_seconds', 'op') },
  )
    .min(0)
    .spanNulls(true)
    .showPoints(VisibilityMode.Always)
    .pointSize(6),
  barGraph(
    {
      title: 'Failed writes, by reason',
      description:
        'Checkpoints, rows and grids that could not be stored. They are tried again; after ten minutes the run fails.',
      unit: 'none',
      width: 8,
    },
    {
      '{{reason}}': growth((suffix) => perRun('sum', metric('checkpoint_failures_total') + suffix, 'reason')),
    },
  ).decimals(0),
];

/** What the processes need. */
export const processes = () => [
  graph(
    { title: 'Memory', description: 'Resident memory of each process.', unit: 'bytes', width: 8 },
    { '{{process}}': perProcess('sum', metric('process_resident_memory_bytes')) },
  ).min(0),
  graph(
    {
      title: 'CPU',
      description: 'Cores that each process keeps busy.',
      unit: 'suffix: cores',
      width: 8,
    },
    { '{{process}}': perProcess('sum', rate(metric('process_cpu_seconds_total'))) },
  )
    .min(0)
    .decimals(2),
  graph(
    {
      title: 'Event loop delay',
      description:
        '99th percentile of how late the event loop is that answers others; of a trainer its comm thread. A process that is silent for 5 s is treated as lost.',
      unit: 's',
      width: 8,
    },
    { '{{process}}': perProcess('max', metric('nodejs_eventloop_lag_p99_seconds')) },
  ).min(0),
  graph(
    {
      title: 'Tensors',
      description: 'Tensors alive in the engine after a phase. A growing number is a leak.',
      unit: 'none',
      width: 12,
    },
    { '{{process}}': perProcess('max', metric('tensors')) },
  )
    .min(0)
    .decimals(0),
  graph(
    {
      title: 'Certificate expires in',
      description: 'Time until the certificate of each process expires. Empty without TLS.',
      unit: 's',
      width: 12,
    },
    { '{{process}}': `${perProcess('min', metric('tls_not_after_timestamp_seconds'))} - time()` },
  ).min(0),
];
