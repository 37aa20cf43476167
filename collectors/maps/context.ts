import type { Fields } from '../../rules/yaml-reader.ts';
import { wrongType, type YamlReport } from '../../rules/yaml-report.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { readText } from '../../rules/yaml-values.ts';
import type { CodeTable } from './codes.ts';
import { compilePath, type Path } from './path.ts';

/** What the parts of a map need while they are compiled. */
export interface MapContext {
  readonly report: YamlReport;
  readonly codes: ReadonlyMap<string, CodeTable>;
  /** Name of the enclosing `for_each`, whose paths start at the element. */
  readonly item?: string;
  /** Messages are made of segments, whose codes mean nothing without the message they stand in. */
  readonly segmented: boolean;
  /** Names of the attributes that the map sets, gathered while it is compiled. */
  readonly attributes: Set<string>;
}

export function readPath(node: YamlNode, context: MapContext, what: string): Path | undefined {
  const text = readText(node, context.report, what, 'a path such as header.id');
  if (text === undefined) return undefined;
  const path = compilePath(text, context.item);
  if (!('wrong' in path)) return path;
  context.report.error(node.place, 'bad-path', path.wrong, 'write names with dots between: header.id');
  return undefined;
}

/** One path or a list of them. */
export function readPaths(node: YamlNode, context: MapContext, what: string): readonly Path[] {
  const nodes = node.kind === 'list' ? node.items : [node];
  return nodes.map((n) => readPath(n, context, what)).filter((p) => p !== undefined);
}

/** The code table that `codes:` names; its targets can be checked by the caller. */
export function readTable(fields: Fields, context: MapContext): CodeTable | undefined {
  const node = fields.get('codes');
  if (node === undefined) return undefined;
  if (node.kind !== 'scalar') return wrongType(node, context.report, 'codes', 'the name of a code table');
  const table = context.codes.get(node.source);
  if (table === undefined) {
    const known = [...context.codes.keys()];
    const message = `there is no code table "${node.source}"`;
    context.report.unknown(node.place, 'unknown-code-table', message, node.source, known);
  }
  return table;
}
