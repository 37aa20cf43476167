import { type Fields, readFields } from '../../rules/yaml-reader.ts';
import type { YamlReport } from '../../rules/yaml-report.ts';
import { wrongType } from '../../rules/yaml-report.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { readText, readTexts } from '../../rules/yaml-values.ts';
import type { Scope } from './scope.ts';

/** What a code means; a code is only meaningful with who says it, in which message, and from which list. */
export interface CodeTable {
  readonly name: string;
  /** Every meaning that the table can give, for checks. */
  readonly targets: readonly { readonly text: string; readonly node: YamlNode }[];
  /** Whether some of its codes hold for any message. */
  readonly anyMessage: boolean;
  /** `list` and `agency`: the code list that the message names beside the code, and who keeps it. */
  find(code: string, scope: Scope, list: string | undefined, agency: string | undefined): string | undefined;
}

/** The meaning of a code that is known and says nothing about shipments. */
export const IGNORE = 'ignore';

/** What a part of a table may ask for besides the code itself. */
const SELECTORS = ['partner', 'message', 'release', 'country', 'list', 'agency'] as const;
type Selector = (typeof SELECTORS)[number];

interface Part {
  readonly wants: readonly {
    readonly selector: Selector;
    readonly is: (said: string | undefined) => boolean;
  }[];
  readonly codes: ReadonlyMap<string, string>;
}

/**
 * Reads one table: either `code: meaning`, or a list of `{partner, message, release, country, list, agency, codes}`, of which the first part
 * that fits the message, and knows the code, answers.
 */
export function readCodeTable(name: string, node: YamlNode, report: YamlReport): CodeTable | undefined {
  const targets: { text: string; node: YamlNode }[] = [];
  const parts: Part[] = [];
  if (node.kind === 'map') {
    const fields = readFields(node, report, `code table ${name}`);
    if (fields !== undefined) parts.push({ wants: [], codes: readCodes(fields, targets) });
  } else if (node.kind === 'list') {
    for (const item of node.items) {
      const fields = readFields(item, report, `code table ${name}`);
      if (fields === undefined) continue;
      const codes = fields.required('codes', (n) => readFields(n, report, 'codes'));
      const wants = readWants(fields, report);
      if (codes !== undefined) parts.push({ wants, codes: readCodes(codes, targets) });
      fields.end();
    }
  } else {
    wrongType(node, report, `code table ${name}`, 'a mapping of codes');
    return undefined;
  }
  const anyMessage = parts.some((part) => !part.wants.some(({ selector }) => selector === 'message'));
  return { name, targets, anyMessage, find: finder(parts) };
}

/** Each selector is a text or a list of them; `0040*` fits every text that begins so, `none` that nothing is said. */
function readWants(fields: Fields, report: YamlReport): Part['wants'] {
  return SELECTORS.flatMap((selector) => {
    const node = fields.get(selector);
    if (node === undefined) return [];
    const texts = readTexts(node, report, selector);
    const exact = new Set(texts.filter((text) => !text.endsWith('*')));
    const starts = texts.filter((text) => text.endsWith('*')).map((text) => text.slice(0, -1));
    const is = (said: string | undefined): boolean =>
      said === undefined
        ? exact.has('none')
        : exact.has(said) || starts.some((start) => said.startsWith(start));
    return [{ selector, is }];
  });
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
  if (parts.length === 1 && only?.wants.length === 0) return (code) => only.codes.get(code);
  return (code, scope, list, agency) => {
    for (const { wants, codes } of parts) {
      const meaning = codes.get(code);
      if (meaning === undefined) continue;
      if (wants.every(({ selector, is }) => is(saidOf(selector, scope, list, agency)))) return meaning;
    }
    return undefined;
  };
}

function saidOf(
  selector: Selector,
  scope: Scope,
  list: string | undefined,
  agency: string | undefined,
): string | undefined {
  switch (selector) {
    case 'partner':
      return scope.partner;
    case 'list':
      return list;
    case 'agency':
      return agency;
    default:
      return scope.speech[selector]?.(scope);
  }
}
