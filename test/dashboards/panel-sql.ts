import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';

/** What Grafana would fill in. A variable that is absent stands at All. */
export interface PanelContext {
  /** Shown time range, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly variables?: Readonly<Record<string, readonly string[]>>;
}

export interface PanelQuery {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly sql: string;
}

interface Panel {
  readonly id?: number;
  readonly type?: string;
  readonly title?: string;
  readonly targets?: readonly { readonly rawSql?: string; readonly expr?: string }[];
}

const panelsOf = ({ panels }: Dashboard): readonly Panel[] => (panels ?? []) as readonly Panel[];

/** The ClickHouse queries of a dashboard's panels. */
export const sqlPanels = (dashboard: Dashboard): readonly PanelQuery[] =>
  panelsOf(dashboard).flatMap(({ id, type, title, targets }) =>
    (targets ?? []).flatMap(({ rawSql }) =>
      rawSql === undefined ? [] : [{ id: id ?? 0, type: type ?? '', title: title ?? '', sql: rawSql }],
    ),
  );

export const panelSql = (dashboard: Dashboard, title: string): string => {
  const found = sqlPanels(dashboard).find((one) => one.title === title);
  if (found === undefined) throw new Error(`no panel "${title}"`);
  return found.sql;
};

/** The PromQL of a dashboard's panels. */
export const promExpressions = (dashboard: Dashboard): readonly string[] =>
  panelsOf(dashboard).flatMap(({ targets }) => (targets ?? []).flatMap(({ expr }) => expr ?? []));

/** Queries of the variables. */
export const variableSql = ({ templating }: Dashboard): readonly string[] =>
  (templating?.list ?? []).flatMap(({ type, query }) =>
    type === 'query' && typeof query === 'string' ? [query] : [],
  );

const quoted = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The SQL that the ClickHouse plugin would send. Throws for a macro or variable that it would not know. */
export function expandSql(sql: string, { from, to, variables = {} }: PanelContext): string {
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const expanded = replaceConditions(sql, variables)
    .replace(
      /\$__timeFilter\(([^()]+)\)/g,
      (_, column: string) =>
        `${column} >= toDateTime(${seconds(from)}) AND ${column} <= toDateTime(${seconds(to)})`,
    )
    .replace(/\$__fromTime\b/g, `toDateTime(${seconds(from)})`)
    .replace(/\$__toTime\b/g, `toDateTime(${seconds(to)})`)
    .replace(/\$\{(\w+):singlequote\}/g, (whole, name: string) => {
      const values = variables[name];
      if (values === undefined) throw new Error(`${whole} is not filled in`);
      return values.map(quoted).join(',');
    });
  const left = /\$(__\w+|\{\w+|\w+)/.exec(expanded);
  if (left !== null) throw new Error(`the plugin knows no ${left[0]}`);
  return expanded;
}

/** `$__conditionalAll(condition, $variable)`: the condition, or 1=1 at All. Conditions hold parentheses of their own. */
function replaceConditions(sql: string, variables: Readonly<Record<string, readonly string[]>>): string {
  const MACRO = '$__conditionalAll(';
  const start = sql.indexOf(MACRO);
  if (start < 0) return sql;
  let end = start + MACRO.length;
  for (let depth = 1; depth > 0; end++) depth += sql[end] === '(' ? 1 : sql[end] === ')' ? -1 : 0;
  const inner = sql.slice(start + MACRO.length, end - 1);
  const comma = inner.lastIndexOf(',');
  const variable = inner
    .slice(comma + 1)
    .trim()
    .replace('$', '');
  const condition = variables[variable] === undefined ? '1=1' : inner.slice(0, comma);
  return replaceConditions(sql.slice(0, start) + condition + sql.slice(end), variables);
}
