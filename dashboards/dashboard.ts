import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { CLICKHOUSE } from './sources.ts';

/** A dashboard of ours: read-only in Grafana, for its truth is the code here. */
export function laytimeDashboard(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['laytime'])
    .timezone('browser')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Laytime')
        .type(DashboardLinkType.Dashboards)
        .tags(['laytime'])
        .asDropdown(true)
        .keepTime(true),
    );
}

/** A choice of several values of a column, all by default. */
export const choice = (name: string, label: string, sql: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(CLICKHOUSE)
    .query(sql)
    .refresh(VariableRefresh.OnDashboardLoad)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });

/** A condition that holds for every row while everything is chosen. */
export const chosen = (column: string, variable: string): string =>
  `$__conditionalAll(${column} IN (\${${variable}:singlequote}), $${variable})`;

/** For a list of values: true when one of them is chosen. */
export const anyChosen = (column: string, variable: string): string =>
  `$__conditionalAll(hasAny(${column}, [\${${variable}:singlequote}]), $${variable})`;
