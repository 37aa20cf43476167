import { readFields } from '../../rules/yaml-reader.ts';
import { YamlReport } from '../../rules/yaml-report.ts';
import { parseYamlTree, type YamlEntry, type YamlMap } from '../../rules/yaml-tree.ts';

/** Keys whose entries are merged one by one; all others replace what the parent says. */
const MERGED: ReadonlySet<string> = new Set(['codes', 'refs', 'attributes', 'aliases', 'location']);
const MAX_GENERATIONS = 4;

/**
 * Applies `extends: builtin:name`: the parent's keys hold unless this map has its own; `codes` (and each table in it),
 * `refs`, `attributes`, `aliases` and `location` are merged entry by entry; `events` are merged by name.
 */
export function inherit(
  tree: YamlMap,
  report: YamlReport,
  findParent: (name: string) => string | undefined,
  generation = 0,
): { readonly tree: YamlMap; readonly texts: readonly string[] } {
  const entry = tree.entries.find((e) => e.key === 'extends');
  if (entry === undefined) return { tree, texts: [] };
  const own: YamlMap = { ...tree, entries: tree.entries.filter((e) => e !== entry) };
  const name = entry.value.kind === 'scalar' ? entry.value.source : '';
  const text = generation < MAX_GENERATIONS ? findParent(name) : undefined;
  const parsed = text === undefined ? undefined : parseYamlTree(text, name);
  if (text === undefined || parsed?.root === undefined) {
    report.error(
      entry.value.place,
      'unknown-parent',
      `there is no map "${name}" to extend`,
      'builtin:dcsa-tnt-2.2',
    );
    return { tree: own, texts: [] };
  }
  const parent = readFields(parsed.root, new YamlReport(name), 'the map');
  if (parent === undefined) return { tree: own, texts: [] };
  const above = inherit(parent.node, report, findParent, generation + 1);
  return { tree: merge(above.tree, own), texts: [text, ...above.texts] };
}

function merge(parent: YamlMap, own: YamlMap): YamlMap {
  const entries = mergeEntries(parent.entries, own.entries, (above, below) => {
    if (below.key === 'events') return { ...below, value: mergeEvents(above, below) };
    if (!MERGED.has(below.key) || above.value.kind !== 'map' || below.value.kind !== 'map') return below;
    const inner = mergeEntries(above.value.entries, below.value.entries, (a, b) =>
      below.key === 'codes' && a.value.kind === 'map' && b.value.kind === 'map'
        ? {
            ...b,
            value: { ...b.value, entries: mergeEntries(a.value.entries, b.value.entries, (_, own2) => own2) },
          }
        : b,
    );
    return { ...below, value: { ...below.value, entries: inner } };
  });
  return { ...own, entries };
}

function mergeEntries(
  parent: readonly YamlEntry[],
  own: readonly YamlEntry[],
  both: (parent: YamlEntry, own: YamlEntry) => YamlEntry,
): readonly YamlEntry[] {
  const merged = parent.map((above) => {
    const below = own.find((e) => e.key === above.key);
    return below === undefined ? above : both(above, below);
  });
  return [...merged, ...own.filter((e) => !parent.some((p) => p.key === e.key))];
}

function mergeEvents(parent: YamlEntry, own: YamlEntry): YamlEntry['value'] {
  if (parent.value.kind !== 'list' || own.value.kind !== 'list') return own.value;
  const nameOf = (node: (typeof own.value.items)[number]): string | undefined => {
    const name = node.kind === 'map' ? node.entries.find((e) => e.key === 'name')?.value : undefined;
    return name?.kind === 'scalar' ? name.source : undefined;
  };
  const mine = own.value.items;
  const kept = parent.value.items.map(
    (above) => mine.find((item) => nameOf(item) === nameOf(above)) ?? above,
  );
  return { ...own.value, items: [...kept, ...mine.filter((item) => !kept.includes(item))] };
}
