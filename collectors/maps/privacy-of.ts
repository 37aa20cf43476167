import type { Fields } from '../../rules/yaml-reader.ts';
import { readTextNodes } from '../../rules/yaml-values.ts';
import { EDIFACT } from '../formats/edifact.ts';
import type { Column } from '../formats/lines.ts';
import { X12 } from '../formats/x12.ts';
import { below, type DropPaths, parseDropPath } from '../privacy/drop-path.ts';
import { parseSegmentDrop, type SegmentDrop } from '../privacy/drop-segments.ts';
import { PRIVATE_FORMATS, type PrivateFields } from '../privacy/privacy.ts';
import { isSegmented } from './map-format.ts';

type Drop = ReturnType<typeof readTextNodes>[number];

/**
 * `privacy: { drop: [paths], headers: [names] }`; `records` are the texts of the paths to the map's records, `columns` the layout of
 * fixed-width lines.
 */
export function readPrivacy(
  root: Fields,
  format: string,
  records: readonly string[],
  columns: readonly Column[],
): PrivateFields | undefined {
  const fields = root.fields('privacy');
  if (fields === undefined) return undefined;
  const { report } = root;
  const node = fields.get('drop');
  const drops = node === undefined ? [] : readTextNodes(node, report, 'drop', 'consignee.name');
  const headers = new Set(fields.texts('headers', 'X-Customer').map((name) => name.toLowerCase()));
  fields.end();
  const known = PRIVATE_FORMATS.find((each) => each === format);
  if (known === undefined) return undefined;
  if (node === undefined && headers.size === 0) {
    report.error(
      root.keyPlace('privacy'),
      'missing-key',
      'privacy names no field',
      'add drop: [consignee.name]',
    );
  }
  if (isSegmented(known)) {
    return { format: known, paths: [], segments: drops.flatMap((drop) => segmentOf(drop, root)), headers };
  }
  const starts = records.length === 0 && format === 'epcis' ? EPCIS_EVENTS : records;
  const paths = drops.flatMap((drop) => pathsOf(drop, starts, root));
  if (format !== 'fixed-width') return { format: known, paths, headers };
  for (const drop of drops) checkColumn(drop, columns, root);
  return { format: known, paths, columns, headers };
}

function pathsOf({ text, node }: Drop, starts: readonly string[], { report }: Fields): DropPaths {
  const parsed = parseDropPath(text, starts);
  if (parsed !== undefined) return parsed;
  const fix = 'write names with dots between: consignee.name, **.taxId, line.@currency';
  report.error(node.place, 'bad-path', `"${text}" names no field`, fix);
  return [];
}

/** A layout that does not know the column would keep it. */
function checkColumn({ text, node }: Drop, columns: readonly Column[], { report }: Fields): void {
  const paths = parseDropPath(text, []) ?? [];
  if (paths.length === 0 || columns.some(({ name }) => below(paths, name) === 'drop')) return;
  const fix = `name one of columns: ${columns.map(({ name }) => name).join(', ')}`;
  report.error(node.place, 'bad-path', `"${text}" is no column`, fix);
}

/** Without its envelope a message cannot be read at all. */
const ENVELOPES = new Set(
  [EDIFACT, X12].flatMap(({ tags }) => Object.values(tags).flatMap(({ head, tail }) => [head, tail])),
);

function segmentOf({ text, node }: Drop, { report }: Fields): readonly SegmentDrop[] {
  const parsed = parseSegmentDrop(text);
  if (parsed === undefined) {
    const fix = 'write a segment, its qualifiers, and what of it: NAD+CN.04, COM, N1*ST.02';
    report.error(node.place, 'bad-path', `"${text}" names no segment`, fix);
    return [];
  }
  if (!ENVELOPES.has(parsed.tag)) return [parsed];
  const fix = 'let the sender leave it out of the envelope';
  report.error(node.place, 'bad-path', `a message cannot be read without its ${parsed.tag}`, fix);
  return [];
}

/** Where the events of an EPCIS document are, or of a query's answer, or of a message that is one. */
const EPCIS_EVENTS = [
  '.',
  'epcisBody.eventList',
  'epcisBody.queryResults.resultsBody.eventList',
  'epcisBody.event',
];
