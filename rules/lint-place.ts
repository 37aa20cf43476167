import type { Problem } from './problem.ts';
import type { RuleSource } from './sla.ts';
import { placeWithin, YamlReport } from './yaml-report.ts';
import type { Place, YamlNode } from './yaml-tree.ts';

/** Where something is written, and the report of its file. */
export interface Spot {
  readonly place: Place;
  readonly report: YamlReport;
}

/** A key's value: where another file overrides it, else in the rule, else the rule's name. */
export function spotOf(source: RuleSource, key: string, problems: Problem[]): Spot {
  const elsewhere = source.overridden[key];
  if (elsewhere !== undefined) return { place: elsewhere, report: new YamlReport(elsewhere.file, problems) };
  const report = new YamlReport(source.rule.place.file, problems);
  return { place: source.nodes[key]?.place ?? source.place, report };
}

/** A word in a key's value, one of a list too; the whole value where it does not stand there as it is. */
export function spotOfWord(source: RuleSource, key: string, word: string, problems: Problem[]): Spot {
  const spot = spotOf(source, key, problems);
  if (source.overridden[key] !== undefined) return spot;
  const node = source.nodes[key];
  const place = node && placeOfWord(node, word);
  return place === undefined ? spot : { ...spot, place };
}

function placeOfWord(node: YamlNode, word: string): Place | undefined {
  if (node.kind === 'list') {
    for (const item of node.items) {
      const place = placeOfWord(item, word);
      if (place !== undefined) return place;
    }
    return undefined;
  }
  if (node.kind !== 'scalar') return undefined;
  for (const { 0: found, index } of node.source.matchAll(/[^\s,()"'[\]]+/g))
    if (found === word) return placeWithin(node, index, word.length);
  return undefined;
}
