import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { parse } from 'yaml';
import { builtText, DASHBOARDS } from '../../dashboards/catalog.ts';
import { promExpressions, sqlPanels } from './panel-sql.ts';

const root = new URL('../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const yaml = (path: string) => parse(text(path)) as Record<string, unknown>;

t.test('the built files are what the code says', (t) => {
  for (const [name, build] of Object.entries(DASHBOARDS)) {
    const current = text(`dashboards/built/${name}.json`) === builtText(build());
    t.ok(current, `dashboards/built/${name}.json is current; else run: node dashboards/build.ts`);
  }
  t.same(
    readdirSync(new URL('dashboards/built/', root)).sort(),
    Object.keys(DASHBOARDS)
      .map((name) => `${name}.json`)
      .sort(),
  );
  t.end();
});

t.test('panels have ids, titles and descriptions, and do not overlap', (t) => {
  for (const [name, build] of Object.entries(DASHBOARDS)) {
    const panels = (build().panels ?? []) as {
      id: number;
      title: string;
      description: string;
      gridPos: { x: number; y: number; w: number; h: number };
    }[];
    t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, `${name}: ids`);
    const taken = new Set<string>();
    for (const {
      title,
      description,
      gridPos: { x, y, w, h },
    } of panels) {
      t.ok(title !== '' && description !== '', `${name}: ${title}`);
      t.ok(x + w <= 24, `${name}: ${title} fits the width`);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          const cell = `${column}/${row}`;
          if (taken.has(cell)) t.fail(`${name}: ${title} overlaps at ${cell}`);
          taken.add(cell);
        }
      }
    }
  }
  t.end();
});

t.test('every metric that is shown or alerted on is one that the agent has', (t) => {
  const telemetry = text('agent/telemetry.ts');
  const expressions = Object.values(DASHBOARDS).flatMap((build) => promExpressions(build()));
  const alerting = text('deploy/grafana/provisioning/alerting/laytime.yaml');
  const metrics = [...expressions, alerting].join(' ').matchAll(/laytime_[a-z_]+/g);
  const names = new Set(Array.from(metrics, ([name]) => name.replace(/_bucket$/, '')));
  t.ok(names.size > 10);
  for (const name of names) t.ok(telemetry.includes(`'${name}'`), name);
  t.end();
});

t.test('provisioning names the data sources that dashboards and alerts use', (t) => {
  const sources = yaml('deploy/grafana/provisioning/datasources/laytime.yaml').datasources as {
    uid: string;
    type: string;
  }[];
  const uids = new Set(sources.map(({ uid }) => uid));
  for (const [name, build] of Object.entries(DASHBOARDS)) {
    for (const [, uid] of builtText(build()).matchAll(/"uid": "(laytime-(?:clickhouse|prometheus)[^"]*)"/g)) {
      if (!uids.has(uid!)) t.fail(`${name}: ${uid}`);
    }
    t.ok(
      sqlPanels(build()).every(({ sql }) => !/\blaytime\.\w/.test(sql)),
      `${name}: the data source names the database`,
    );
  }
  const groups = yaml('deploy/grafana/provisioning/alerting/laytime.yaml').groups as {
    interval: string;
    rules: {
      uid: string;
      condition: string;
      data: { refId: string; datasourceUid: string; model: { refId: string } }[];
    }[];
  }[];
  for (const { rules } of groups) {
    for (const { uid, condition, data } of rules) {
      t.ok(
        data.some(({ refId }) => refId === condition),
        `${uid}: its condition is there`,
      );
      for (const { refId, datasourceUid, model } of data) {
        t.ok(uids.has(datasourceUid) || datasourceUid === '__expr__', `${uid}: ${datasourceUid}`);
        t.equal(model.refId, refId);
      }
    }
  }
  t.end();
});
