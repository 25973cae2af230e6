import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Threshold,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** One meaning, one colour, on every panel. */
export const colors = {
  discriminator: 'blue',
  generator: 'orange',
  good: 'green',
  careful: 'yellow',
  bad: 'red',
  plain: 'text',
} as const;

/** What every panel says of itself. */
export interface About {
  title: string;
  description: string;
  unit: string;
  /** Of the 24 columns. */
  width: number;
}

/** Lines of a graph: PromQL by the legend's text. */
export type Queries = Readonly<Record<string, string>>;

const heights = { stat: 4, graph: 8 };
const letters = 'ABCDEFGH';

const targetsOf = (queries: Queries, when: 'range' | 'instant'): DataqueryBuilder[] =>
  Object.entries(queries).map(([text, expression], i) => {
    const query = new DataqueryBuilder()
      .datasource(datasource)
      .refId(letters.charAt(i))
      .expr(expression)
      .legendFormat(text);
    return when === 'range' ? query.range() : query.instant();
  });

export const fixed = (color: string): FieldColorBuilder =>
  new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(color);

/** A base colour, and those from certain values on. */
export function thresholds(
  base: string,
  ...above: [value: number, color: string][]
): ThresholdsConfigBuilder {
  const first: Threshold = { value: null, color: base };
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([first, ...above.map(([value, color]) => ({ value, color }))]);
}

/** Below the graph; `calcs` are what is told of each line. */
const legend = (...calcs: string[]): common.VizLegendOptionsBuilder =>
  new common.VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom)
    .calcs(calcs);

/** What panels over time have in common. */
function overTime<Builder extends TimeSeriesBuilder | TimelineBuilder>(
  builder: Builder,
  { title, description, unit, width }: About,
  queries: Queries,
): Builder {
  builder
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .height(heights.graph)
    .datasource(datasource)
    .targets(targetsOf(queries, 'range'));
  return builder;
}

/** Lines over time. */
export function graph(about: About, queries: Queries): TimeSeriesBuilder {
  const tooltip = new common.VizTooltipOptionsBuilder()
    .mode(common.TooltipDisplayMode.Multi)
    .sort(common.SortOrder.Descending);
  return overTime(new TimeSeriesBuilder(), about, queries)
    .legend(legend())
    .tooltip(tooltip)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .lineWidth(2)
    .fillOpacity(8)
    .showPoints(common.VisibilityMode.Never);
}

/** Areas that add up. */
export const stackedGraph = (about: About, queries: Queries): TimeSeriesBuilder =>
  graph(about, queries)
    .min(0)
    .lineWidth(1)
    .fillOpacity(60)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));

/** Bars of what happens now and then, and the sum of each kind. */
export const barGraph = (about: About, queries: Queries): TimeSeriesBuilder =>
  stackedGraph(about, queries).drawStyle(common.GraphDrawStyle.Bars).fillOpacity(90).legend(legend('sum'));

/** Colours for lines by the legend's text. */
export function colored(
  panel: TimeSeriesBuilder,
  byLegend: Readonly<Record<string, string>>,
): TimeSeriesBuilder {
  for (const [line, color] of Object.entries(byLegend))
    panel.overrideByName(line, [{ id: 'color', value: fixed(color).build() }]);
  return panel;
}

/** A line that is compared with: dashed, nothing below it. */
export const asWish = (panel: TimeSeriesBuilder, line: string): TimeSeriesBuilder =>
  panel.overrideByName(line, [
    { id: 'color', value: fixed(colors.plain).build() },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
    { id: 'custom.lineWidth', value: 1 },
    { id: 'custom.fillOpacity', value: 0 },
  ]);

/** States over time. */
export const timeline = (about: About, queries: Queries): TimelineBuilder =>
  overTime(new TimelineBuilder(), about, queries)
    .legend(new common.VizLegendOptionsBuilder().showLegend(false))
    .showValue(common.VisibilityMode.Auto)
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(70);

/** The last value, large. */
export const stat = ({ title, description, unit, width }: About, queries: Queries): StatBuilder =>
  new StatBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .span(width)
    .height(heights.stat)
    .datasource(datasource)
    .targets(targetsOf(queries, 'instant'))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .noValue('-');
