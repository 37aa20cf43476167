import type { Fields } from '../../rules/yaml-reader.ts';
import { readTextNodes } from '../../rules/yaml-values.ts';
import { type DropPaths, parseDropPath } from '../privacy/drop-path.ts';
import { PRIVATE_FORMATS, type PrivateFields } from '../privacy/privacy.ts';

/** `privacy: { drop: [paths], headers: [names] }`; `records` are the texts of the paths to the map's records. */
export function readPrivacy(
  root: Fields,
  format: string,
  records: readonly string[],
): PrivateFields | undefined {
  const fields = root.fields('privacy');
  if (fields === undefined) return undefined;
  const { report } = root;
  const node = fields.get('drop');
  const starts = records.length === 0 && format === 'epcis' ? EPCIS_EVENTS : records;
  const paths: DropPaths[] = [];
  for (const { text, node: at } of node === undefined
    ? []
    : readTextNodes(node, report, 'drop', 'consignee.name')) {
    const parsed = parseDropPath(text, starts);
    if (parsed !== undefined) paths.push(parsed);
    else {
      const fix = 'write names with dots between: consignee.name, **.taxId, line.@currency';
      report.error(at.place, 'bad-path', `"${text}" names no field`, fix);
    }
  }
  const headers = new Set(fields.texts('headers', 'X-Customer').map((name) => name.toLowerCase()));
  fields.end();
  const known = PRIVATE_FORMATS.find((each) => each === format);
  if (known === undefined) {
    const fix = `let the sender leave them out, or convert to one of ${PRIVATE_FORMATS.join(', ')}`;
    report.error(root.keyPlace('privacy'), 'no-privacy', `fields cannot be dropped from ${format}`, fix);
    return undefined;
  }
  if (node === undefined && headers.size === 0) {
    report.error(
      root.keyPlace('privacy'),
      'missing-key',
      'privacy names no field',
      'add drop: [consignee.name]',
    );
  }
  return { format: known, paths: paths.flat(), headers };
}

/** Where the events of an EPCIS document are, or of a query's answer, or of a message that is one. */
const EPCIS_EVENTS = [
  '.',
  'epcisBody.eventList',
  'epcisBody.queryResults.resultsBody.eventList',
  'epcisBody.event',
];
