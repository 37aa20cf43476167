import {
  PanelBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { CLICKHOUSE, ClickHouseQuery, PROMETHEUS, promQuery, type SqlFormat } from './sources.ts';

/** Place on a grid of 24 columns; a row is about 30 pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Described {
  /** Stable: links and screenshots name panels by it. */
  readonly id: number;
  readonly title: string;
  /** What the panel tells, for the reader who asks. */
  readonly description: string;
  readonly at: Place;
  readonly unit?: string;
}

interface SqlPanel extends Described {
  readonly sql: string;
}

interface TablePanel extends SqlPanel {
  /** Units by column. */
  readonly units?: Readonly<Record<string, string>>;
  /** Columns that only links use. */
  readonly hidden?: readonly string[];
  /** Column that leads to the shipment; the row must have shipment_id, from_ms and to_ms. */
  readonly shipmentLink?: string;
  /** Columns shown as coloured text: state → colour. */
  readonly colours?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Colours of states, the same everywhere. */
export const STATE_COLOURS: Readonly<Record<string, string>> = {
  breached: 'red',
  firing: 'red',
  'met-late': 'orange',
  'at-risk': 'orange',
  unknown: 'purple',
  blind: 'purple',
  paused: 'blue',
  running: 'text',
  met: 'green',
  hearing: 'green',
  resolved: 'green',
};

/** A link that opens the shipment with its own time range: a month-long trace lies outside of the range shown here. */
const SHIPMENT_URL =
  `/d/laytime-shipment?var-ref=\${__data.fields.shipment_id}` +
  `&from=\${__data.fields.from_ms}&to=\${__data.fields.to_ms}`;

function panel(type: string, { id, title, description, at, unit }: Described): PanelBuilder {
  const builder = new PanelBuilder().type(type).id(id).title(title).description(description).gridPos(at);
  return unit === undefined ? builder : builder.unit(unit);
}

/** Adds a ClickHouse query; `format` says how the plugin reads its answer. */
const withSql = (builder: PanelBuilder, sql: string, format: SqlFormat): PanelBuilder =>
  builder.datasource(CLICKHOUSE).withTarget(new ClickHouseQuery(sql, format));

export function sqlTable(spec: TablePanel): PanelBuilder {
  const builder = withSql(panel('table', spec), spec.sql, 'table')
    .options({ showHeader: true, cellHeight: 'sm' })
    .custom({ filterable: true });
  for (const [column, unit] of Object.entries(spec.units ?? {})) {
    builder.overrideByName(column, [{ id: 'unit', value: unit }]);
  }
  const unseen = spec.shipmentLink === undefined ? [] : ['shipment_id', 'from_ms', 'to_ms'];
  for (const column of [...unseen, ...(spec.hidden ?? [])]) {
    if (column !== spec.shipmentLink) builder.overrideByName(column, [{ id: 'custom.hidden', value: true }]);
  }
  if (spec.shipmentLink !== undefined) {
    const links = [{ title: 'Open shipment', url: SHIPMENT_URL, targetBlank: false }];
    builder.overrideByName(spec.shipmentLink, [{ id: 'links', value: links }]);
  }
  for (const [column, colours] of Object.entries(spec.colours ?? {})) {
    const options = Object.fromEntries(
      Object.entries(colours).map(([text, color], index) => [text, { color, index, text }]),
    );
    builder.overrideByName(column, [
      { id: 'mappings', value: [{ type: 'value', options }] },
      { id: 'custom.cellOptions', value: { type: 'color-text' } },
    ]);
  }
  return builder;
}

/** One number; red from `red` on. */
export function sqlStat(spec: SqlPanel & { readonly red?: number; readonly link?: string }): PanelBuilder {
  const steps = [{ value: null, color: 'green' }];
  const thresholds = spec.red === undefined ? steps : [...steps, { value: spec.red, color: 'red' }];
  return withSql(panel('stat', spec), spec.sql, 'table')
    .options({
      reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '' },
      colorMode: 'value',
      graphMode: 'none',
    })
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholds));
}

export const sqlBars = (spec: SqlPanel): PanelBuilder =>
  withSql(panel('barchart', spec), spec.sql, 'table').options({
    orientation: 'horizontal',
    stacking: 'normal',
    showValue: 'auto',
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
  });

export const sqlSeries = (spec: SqlPanel): PanelBuilder =>
  withSql(panel('timeseries', spec), spec.sql, 'timeseries').custom({ fillOpacity: 10, showPoints: 'auto' });

export const sqlTrace = (spec: SqlPanel): PanelBuilder => withSql(panel('traces', spec), spec.sql, 'traces');

/** Lines of one or more PromQL expressions, by legend. */
export function promSeries(
  spec: Described & { readonly queries: Readonly<Record<string, string>> },
): PanelBuilder {
  const builder = panel('timeseries', spec)
    .datasource(PROMETHEUS)
    .custom({ fillOpacity: 10, showPoints: 'never' });
  for (const [index, [legend, expr]] of Object.entries(spec.queries).entries()) {
    builder.withTarget(promQuery(expr, legend, String.fromCharCode(65 + index)));
  }
  return builder;
}

/** The newest value of a PromQL expression. */
export const promStat = (spec: Described & { readonly expr: string }): PanelBuilder =>
  panel('stat', spec)
    .datasource(PROMETHEUS)
    .withTarget(promQuery(spec.expr, '__auto'))
    .options({ reduceOptions: { values: false, calcs: ['lastNotNull'], fields: '' }, graphMode: 'area' });
