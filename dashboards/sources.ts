import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder as PrometheusQuery } from '@grafana/grafana-foundation-sdk/prometheus';

/** Fixed ids: the provisioned data sources have them too (deploy/grafana/provisioning/datasources). */
export const CLICKHOUSE = {
  type: 'grafana-clickhouse-datasource',
  uid: 'laytime-clickhouse',
} as const satisfies DataSourceRef;
export const PROMETHEUS = {
  type: 'prometheus',
  uid: 'laytime-prometheus',
} as const satisfies DataSourceRef;

/** The plugin whose query format is written here. */
const PLUGIN_VERSION = '4.20.0';

/** How the ClickHouse plugin reads an answer. */
const FORMATS = { timeseries: 0, table: 1, logs: 2, traces: 3 } as const;
export type SqlFormat = keyof typeof FORMATS;

/** A query of the ClickHouse plugin, for which the SDK has no builder. Tables are unqualified: the data source names the database. */
export class ClickHouseQuery implements Builder<Dataquery> {
  readonly #query: Dataquery & Record<string, unknown>;

  constructor(sql: string, format: SqlFormat = 'table', refId = 'A') {
    this.#query = {
      refId,
      datasource: CLICKHOUSE,
      editorType: 'sql',
      queryType: format,
      format: FORMATS[format],
      rawSql: sql.trim(),
      pluginVersion: PLUGIN_VERSION,
    } as unknown as Dataquery & Record<string, unknown>;
  }

  build(): Dataquery {
    return this.#query;
  }
}

/** A PromQL query over the shown range, one line per `legend`. */
export const promQuery = (expr: string, legend: string, refId = 'A'): Builder<Dataquery> =>
  new PrometheusQuery().datasource(PROMETHEUS).expr(expr).legendFormat(legend).range().refId(refId);
