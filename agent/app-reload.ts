import { everyRouteOf } from '../rules/incoterm.ts';
import { formatProblem } from '../rules/problem.ts';
import type { Rule, RuleSet } from '../rules/sla.ts';
import type { Config } from './config.ts';
import type { Project } from './config-load.ts';
import type { Telemetry } from './telemetry.ts';

/** What became of a reload. */
export interface Reloaded {
  /** `refused`: something is wrong with the files; the rules in force stay as they are. */
  readonly outcome: 'reloaded' | 'unchanged' | 'refused';
  /** Names of rules that are new, others than before, or gone. */
  readonly changed: readonly string[];
  /** Each with its place, its characters and what to write instead. */
  readonly problems: readonly string[];
}

/** What a reload needs; everything that takes the new rules is told in turn, and only when they are free of errors. */
export interface ReloadEdges {
  /** Reads the configuration and what it names again. */
  readonly load: () => Project;
  /** The rules in force at the start. */
  readonly rules: RuleSet;
  /** As the agent runs: what is not a rule takes a restart. */
  readonly config: Config;
  readonly telemetry: Telemetry;
  /** Takes them for judging, and writes down that they are in force. */
  readonly judge: (rules: RuleSet) => void;
  /** Takes the files for explaining verdicts. */
  readonly serve: (files: Project['ruleFiles']) => void;
}

/** Reads the rule files again and puts them in force, or says why not. A call while nothing changed changes nothing. */
export function ruleReload(edges: ReloadEdges): () => Reloaded {
  let inForce = edges.rules;
  return () => {
    const result = reload(edges, inForce);
    const { outcome, changed, problems } = result.told;
    if (result.rules !== undefined) inForce = result.rules;
    if (outcome === 'refused')
      edges.telemetry.line('error', 'rules-refused', { problems: problems.join('\n') });
    else
      edges.telemetry.line('info', 'rules-reloaded', {
        changed: changed.length,
        rules: inForce.rules.length,
      });
    return result.told;
  };
}

function reload(edges: ReloadEdges, before: RuleSet): { told: Reloaded; rules?: RuleSet } {
  let project: Project;
  try {
    project = edges.load();
  } catch (error) {
    return refused([error instanceof Error ? error.message : String(error)]);
  }
  const errors = project.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0)
    return refused(errors.map((problem) => formatProblem(problem, project.texts.get(problem.file))));
  const { ruleSet } = project.rules;
  const unknown = unknownRoutes(ruleSet.rules, edges.config);
  if (unknown.length > 0)
    return refused(
      unknown.map(([rule, route]) => `${rule} notifies ${route}, which takes a restart to be there`),
    );
  const changed = changedRules(before, ruleSet);
  if (changed.size === 0) return { told: { outcome: 'unchanged', changed: [], problems: [] } };
  edges.judge(ruleSet);
  edges.serve(project.ruleFiles);
  return { told: { outcome: 'reloaded', changed: [...changed].sort(), problems: [] }, rules: ruleSet };
}

const refused = (problems: readonly string[]): { told: Reloaded } => ({
  told: { outcome: 'refused', changed: [], problems },
});

const unknownRoutes = (rules: readonly Rule[], { notify }: Config): [rule: string, route: string][] => {
  const known = new Set(notify.map(({ name }) => name));
  return rules.flatMap((rule) =>
    everyRouteOf(rule)
      .filter((route) => !known.has(route))
      .map((route): [string, string] => [rule.name, route]),
  );
};

/** What a rule says, to judges and to people. */
const saidBy = ({ version, title, mode, severity, notify, owner, basis }: Rule): string =>
  JSON.stringify([version, title, mode, severity, notify, owner, basis]);

function changedRules(before: RuleSet, after: RuleSet): ReadonlySet<string> {
  const old = new Map(before.rules.map((rule) => [rule.name, saidBy(rule)]));
  const changed = new Set<string>();
  for (const rule of after.rules) {
    if (old.get(rule.name) !== saidBy(rule)) changed.add(rule.name);
    old.delete(rule.name);
  }
  for (const name of old.keys()) changed.add(name);
  return changed;
}
