import { type Fields, readFields } from '../../rules/yaml-reader.ts';
import { wrongType } from '../../rules/yaml-report.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { readTextNodes } from '../../rules/yaml-values.ts';
import { parseCloudEvents } from '../formats/cloudevents.ts';
import { parseCsv } from '../formats/csv.ts';
import { detectContent } from '../formats/detect.ts';
import type { SegmentOptions } from '../formats/dialect.ts';
import { parseEdifact } from '../formats/edifact.ts';
import { parseEpcis } from '../formats/epcis.ts';
import { fault, type Parsed } from '../formats/format.ts';
import { parseJson } from '../formats/json.ts';
import { type Column, parseFixedWidth, parseNdjson } from '../formats/lines.ts';
import { type Loop, parseLoop } from '../formats/loops.ts';
import { parseX12 } from '../formats/x12.ts';
import { parseXml } from '../formats/xml.ts';

export type Parse = (data: Uint8Array) => Parsed;

const PLAIN = {
  json: parseJson,
  ndjson: parseNdjson,
  xml: parseXml,
  csv: parseCsv,
  cloudevents: parseCloudEvents,
  epcis: parseEpcis,
} as const;

const SEGMENTED = { edifact: parseEdifact, x12: parseX12 } as const;

type PlainFormat = keyof typeof PLAIN;
type SegmentFormat = keyof typeof SEGMENTED;
export type MapFormat = PlainFormat | SegmentFormat | 'fixed-width';

export const MAP_FORMATS: readonly MapFormat[] = [
  'json',
  'ndjson',
  'xml',
  'csv',
  'fixed-width',
  'cloudevents',
  'epcis',
  'edifact',
  'x12',
];

/** Formats of segments: each message in an interchange is a record that knows its own name, release and id. */
export const isSegmented = (format: string): format is SegmentFormat => Object.hasOwn(SEGMENTED, format);

export interface CompiledFormat {
  readonly parse: Parse;
  /** Of fixed-width lines. */
  readonly columns: readonly Column[];
}

/** The function that reads a map's messages, with what the map says of their layout (`loops`, `split`, `columns`). */
export function compileFormat(format: MapFormat, root: Fields): CompiledFormat | undefined {
  if (isSegmented(format)) {
    const options = readSegmentOptions(root);
    const parse = SEGMENTED[format];
    return { parse: (data) => withHint(parse(data, options), format, data), columns: [] };
  }
  if (format === 'fixed-width') {
    const columns = root.required('columns', (node) => readColumns(node, root), '{ booking: 1-12 }');
    return columns === undefined || columns.length === 0
      ? undefined
      : { parse: (data) => parseFixedWidth(data, columns), columns };
  }
  return { parse: PLAIN[format], columns: [] };
}

/** Names the other format that a message looks like: a source with the wrong map is a common first mistake. */
function withHint(parsed: Parsed, format: SegmentFormat, data: Uint8Array): Parsed {
  if (!('fault' in parsed)) return parsed;
  const looks = detectContent(data);
  if (looks === undefined || looks === format) return parsed;
  return fault(parsed.fault.code, `${parsed.fault.reason}; it looks like ${looks}, the map reads ${format}`);
}

function readSegmentOptions(root: Fields): SegmentOptions {
  const loops: Loop[] = [];
  const loopsNode = root.get('loops');
  const texts = loopsNode === undefined ? [] : readTextNodes(loopsNode, root.report, 'loops', 'R4{DTM,V9}');
  for (const { text, node } of texts) {
    const loop = parseLoop(text);
    if ('wrong' in loop) root.report.error(node.place, 'bad-loop', loop.wrong, 'R4{DTM,V9}');
    else loops.push(loop);
  }
  const splitNode = root.get('split');
  const split = root.text('split')?.split('.') ?? [];
  if (splitNode !== undefined) checkSplit(split, loops, splitNode, root);
  return { loops, split };
}

function checkSplit(split: readonly string[], loops: readonly Loop[], node: YamlNode, root: Fields): void {
  let level = loops;
  for (const tag of split) {
    const loop = level.find((l) => l.tag === tag);
    if (loop === undefined) {
      const message = `there is no loop "${tag}" to split at`;
      root.report.error(node.place, 'unknown-loop', message, 'name it in loops:');
      return;
    }
    level = loop.loops;
  }
}

/** `columns:` name → `1-12`, or `7` for a single character. */
function readColumns(node: YamlNode, root: Fields): readonly Column[] {
  if (node.kind !== 'map') {
    wrongType(node, root.report, 'columns', 'a mapping of names to places such as 1-12');
    return [];
  }
  const fields = readFields(node, root.report, 'columns');
  return (fields?.all() ?? []).flatMap(({ key, value }) => {
    const [, from, to = from] =
      /^(\d{1,4})(?:\s*-\s*(\d{1,4}))?$/.exec(value.kind === 'scalar' ? value.source : '') ?? [];
    if (from === undefined || to === undefined || Number(from) < 1 || Number(to) < Number(from)) {
      root.report.error(
        value.place,
        'bad-column',
        `the column ${key} has no place`,
        'from and to, counted from 1: 1-12',
      );
      return [];
    }
    return [{ name: key, from: Number(from), to: Number(to) }];
  });
}
