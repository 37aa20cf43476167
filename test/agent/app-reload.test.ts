import t from 'tap';
import { ruleReload } from '../../agent/app-reload.ts';
import type { Config } from '../../agent/config.ts';
import type { Project } from '../../agent/config-load.ts';
import { Telemetry } from '../../agent/telemetry.ts';
import { compareProblems } from '../../rules/problem.ts';
import { parseRules, type RuleSet } from '../../rules/sla.ts';

const rules = (within: string, route = 'desk'): string =>
  `rules:\n  release: { from: arrived, to: customs.released, within: ${within}, notify: ${route} }\n`;

/** An agent whose one rule file has a text that can be changed. */
function agent() {
  const state = {
    text: rules('24h'),
    judged: [] as RuleSet[],
    served: [] as string[],
    events: [] as string[],
  };
  const load = (): Project => {
    const file = 'rules.yaml';
    const parsed = parseRules([{ file, text: state.text }], 2026);
    return {
      rules: parsed,
      ruleFiles: [{ file, text: state.text }],
      maps: new Map(),
      mapFiles: new Map(),
      problems: [...parsed.problems].sort(compareProblems),
      texts: new Map([[file, state.text]]),
    };
  };
  const reload = ruleReload({
    load,
    rules: load().rules.ruleSet,
    config: { notify: [{ name: 'desk' }] } as unknown as Config,
    telemetry: new Telemetry(({ event }) => void state.events.push(event)),
    judge: (set) => void state.judged.push(set),
    serve: (files) => void state.served.push(files[0]?.text ?? ''),
  });
  return { state, reload };
}

t.test('edited rules are judged by and explained by; what did not change is not named', async (t) => {
  const { state, reload } = agent();
  t.strictSame(reload(), { outcome: 'unchanged', changed: [], problems: [] });
  t.equal(state.judged.length, 0);
  state.text = `${rules('12h')}  duty: { from: duty.assessed, to: duty.posted, within: 2d, notify: desk }\n`;
  t.strictSame(reload(), { outcome: 'reloaded', changed: ['duty', 'release'], problems: [] });
  t.equal(state.judged[0]?.rules.length, 2);
  t.strictSame(state.served, [state.text]);
  t.strictSame(reload().outcome, 'unchanged', 'asked again');
  state.text = rules('12h').replace('within', 'title: Another title, within');
  t.strictSame(reload().changed, ['duty', 'release'], 'one is gone, one says something else to people');
});

t.test('a file with an error changes nothing and says where', async (t) => {
  const { state, reload } = agent();
  state.text = rules('soon');
  const { outcome, problems } = reload();
  t.equal(outcome, 'refused');
  t.match(problems[0], /rules\.yaml:2:\d+: error:/);
  t.match(problems[0], /soon/);
  t.equal(state.judged.length + state.served.length, 0);
  t.ok(state.events.includes('rules-refused'));
  state.text = rules('24h');
  t.equal(reload().outcome, 'unchanged', 'the rules in force stayed');
});

t.test('a route that the agent was not started with is refused', async (t) => {
  const { state, reload } = agent();
  state.text = rules('24h', 'night-desk');
  t.match(reload(), { outcome: 'refused', problems: [/release notifies night-desk, which takes a restart/] });
  t.equal(state.judged.length, 0);
});
