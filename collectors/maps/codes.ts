import { type Fields, readFields } from '../../rules/yaml-reader.ts';
import type { YamlReport } from '../../rules/yaml-report.ts';
import { wrongType } from '../../rules/yaml-report.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { readText } from '../../rules/yaml-values.ts';

/** What a code means; a code is only meaningful with who says it and from which list. */
export interface CodeTable {
  readonly name: string;
  /** Every meaning that the table can give, for checks. */
  readonly targets: readonly { readonly text: string; readonly node: YamlNode }[];
  find(code: string, partner: string, list: string | undefined): string | undefined;
}

/** The meaning of a code that is known and says nothing about shipments. */
export const IGNORE = 'ignore';

interface Part {
  readonly partner: string | undefined;
  readonly list: string | undefined;
  readonly codes: ReadonlyMap<string, string>;
}

/**
 * Reads one table: either `code: meaning`, or a list of `{partner, list, codes}`, of which the first part that fits
 * the message's partner and code list, and knows the code, answers.
 */
export function readCodeTable(name: string, node: YamlNode, report: YamlReport): CodeTable | undefined {
  const targets: { text: string; node: YamlNode }[] = [];
  const parts: Part[] = [];
  if (node.kind === 'map') {
    const fields = readFields(node, report, `code table ${name}`);
    if (fields !== undefined) {
      parts.push({ partner: undefined, list: undefined, codes: readCodes(fields, targets) });
    }
  } else if (node.kind === 'list') {
    for (const item of node.items) {
      const fields = readFields(item, report, `code table ${name}`);
      if (fields === undefined) continue;
      const codes = fields.required('codes', (n) => readFields(n, report, 'codes'));
      const part = { partner: fields.text('partner'), list: fields.text('list') };
      if (codes !== undefined) parts.push({ ...part, codes: readCodes(codes, targets) });
      fields.end();
    }
  } else {
    wrongType(node, report, `code table ${name}`, 'a mapping of codes');
    return undefined;
  }
  return { name, targets, find: finder(parts) };
}

function readCodes(fields: Fields, targets: { text: string; node: YamlNode }[]): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  for (const { key, value } of fields.all()) {
    const text = readText(value, fields.report, `the meaning of ${key}`);
    if (text === undefined) continue;
    codes.set(key, text);
    if (text !== IGNORE) targets.push({ text, node: value });
  }
  return codes;
}

function finder(parts: readonly Part[]): CodeTable['find'] {
  const [only] = parts;
  if (parts.length === 1 && only?.partner === undefined && only?.list === undefined) {
    return (code) => only?.codes.get(code);
  }
  return (code, partner, list) => {
    for (const part of parts) {
      if (part.partner !== undefined && part.partner !== partner) continue;
      if (part.list !== undefined && part.list !== list) continue;
      const meaning = part.codes.get(code);
      if (meaning !== undefined) return meaning;
    }
    return undefined;
  };
}
