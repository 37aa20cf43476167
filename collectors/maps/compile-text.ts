import { hashId } from '../../rules/hash.ts';
import { isMilestone, MILESTONES, type MilestoneCode } from '../../rules/milestone.ts';
import { compareProblems, type Problem } from '../../rules/problem.ts';
import { Fields, readFields } from '../../rules/yaml-reader.ts';
import { YamlReport } from '../../rules/yaml-report.ts';
import { parseYamlTree, type YamlMap } from '../../rules/yaml-tree.ts';
import { readTextNodes } from '../../rules/yaml-values.ts';
import { type CodeTable, readCodeTable } from './codes.ts';
import { type MapContext, readPaths } from './context.ts';
import { compileEvent, type EventDefaults, type EventEntry } from './event-reader.ts';
import { inherit } from './inherit.ts';
import type { CompiledMap } from './map.ts';
import { compileFormat, isSegmented, MAP_FORMATS, type MapFormat } from './map-format.ts';
import { compilePlaceRoles } from './place-of.ts';
import { readPrivacy } from './privacy-of.ts';
import { compileRecord } from './record-of.ts';
import { type MapParts, runMap } from './run.ts';
import { withSegmentDefaults } from './segment-record.ts';

/** Gives the text of the map that another one extends (`builtin:dcsa-tnt-2.2`); undefined when there is none. */
export type FindParent = (name: string) => string | undefined;

/**
 * Compiles a map's YAML to closures. `file` is only a name for messages. `map` is absent when a problem of severity error
 * was found; every problem carries its place.
 */
export function compileMapText(
  text: string,
  file: string,
  findParent: FindParent = () => undefined,
): { map?: CompiledMap; problems: readonly Problem[] } {
  const { root: tree, problems } = parseYamlTree(text, file);
  const report = new YamlReport(file, problems);
  if (tree === undefined) {
    if (!report.hasErrors) report.error({ line: 1, column: 1, length: 1 }, 'empty-file', 'the map is empty');
    return { problems: report.problems };
  }
  // What follows from a syntax error would only bury it.
  if (report.hasErrors) return { problems: report.problems };
  const own = readFields(tree, report, 'the map');
  if (own === undefined) return { problems: report.problems };
  const inherited = inherit(own.node, report, findParent);
  const map = compileTree(inherited.tree, report, hashId(text, ...inherited.texts));
  const sorted = [...report.problems].sort(compareProblems);
  return map === undefined || report.hasErrors ? { problems: sorted } : { map, problems: sorted };
}

function compileTree(tree: YamlMap, report: YamlReport, version: string): CompiledMap | undefined {
  const root = new Fields(tree, report, 'the map');
  root.text('title');
  root.entry('notes');
  const name = root.requiredText('map', 'broker-nl');
  const format = root.required('format', () => root.oneOf('format', MAP_FORMATS), 'json');
  const compiledFormat = format === undefined ? undefined : compileFormat(format as MapFormat, root);
  const segmented = format !== undefined && isSegmented(format);
  const attributes = new Set<string>();
  const context: MapContext = { report, codes: readCodes(root), segmented, attributes };
  const snapshot = root.flag('snapshot') ?? false;
  const placesNode = root.get('places');
  const places = placesNode === undefined ? undefined : compilePlaceRoles(placesNode, context);
  const narrowed = readProves(root);
  const compiled = compileRecord(root, context);
  const record = segmented
    ? withSegmentDefaults(compiled, root.flag('test_interchanges') ?? false)
    : compiled;
  const recordsNode = root.get('records');
  const records = recordsNode === undefined ? undefined : readPaths(recordsNode, context, 'records');
  const starts = records?.map(({ text }) => text) ?? [];
  const privacy = readPrivacy(root, format ?? '', starts, compiledFormat?.columns ?? []);
  const events = readEvents(root, context, { snapshot, zone: record.zone, places });
  root.end();
  if (records !== undefined && record.id === undefined) {
    const fix = 'add id: with the path to what names a record at its source';
    report.error(root.keyPlace('records'), 'missing-id-path', 'a map with records needs id', fix);
  }
  if (name === undefined || compiledFormat === undefined || report.hasErrors) return undefined;
  const { parse } = compiledFormat;
  const parts: MapParts = { name, format: format as MapFormat, parse, records, record, events };
  const stated = new Set(events.flatMap((e) => e.proves));
  const proves = [...stated].filter((m) => narrowed === undefined || narrowed.has(m)).sort();
  return mapOf(parts, { version, proves, attributes: [...attributes].sort() }, privacy);
}

const mapOf = (
  parts: MapParts,
  known: Pick<CompiledMap, 'version' | 'proves' | 'attributes'>,
  privacy: CompiledMap['privacy'],
): CompiledMap => ({
  name: parts.name,
  format: parts.format,
  ...known,
  ...(privacy !== undefined && { privacy }),
  map: (message, source, watch) => runMap(parts, message, source, watch),
});

/** `proves:` the milestones about which this feed's silence means something, where that is fewer than it can state. */
function readProves(root: Fields): ReadonlySet<MilestoneCode> | undefined {
  const node = root.get('proves');
  if (node === undefined) return undefined;
  const found = new Set<MilestoneCode>();
  for (const { text, node: at } of readTextNodes(node, root.report, 'proves', 'arrived')) {
    if (isMilestone(text)) found.add(text);
    else {
      const known = Object.keys(MILESTONES);
      root.report.unknown(at.place, 'unknown-milestone', `there is no milestone "${text}"`, text, known);
    }
  }
  return found;
}

function readCodes(root: Fields): ReadonlyMap<string, CodeTable> {
  const codes = new Map<string, CodeTable>();
  for (const { key, value } of root.named('codes')) {
    const table = readCodeTable(key, value, root.report);
    if (table !== undefined) codes.set(key, table);
  }
  return codes;
}

function readEvents(
  root: Fields,
  context: MapContext,
  map: Omit<EventDefaults, 'names'>,
): readonly EventEntry[] {
  const nodes = root.required('events', () => root.list('events'), '[{name, milestone, time}]') ?? [];
  const names = new Set<string>();
  const events = nodes.flatMap((node) => {
    const event = compileEvent(node, context, { ...map, names });
    return event === undefined ? [] : [event];
  });
  if (nodes.length === 0 && !root.report.hasErrors) {
    root.report.error(
      root.keyPlace('events'),
      'no-events',
      'the map has no events',
      'add at least one event',
    );
  }
  return events;
}
