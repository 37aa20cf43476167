import { DUTIES, INCOTERMS } from './incoterm.ts';
import type { Rule } from './sla.ts';
import { type Fields, readFields } from './yaml-reader.ts';
import type { YamlNode } from './yaml-tree.ts';
import { readText, readTexts } from './yaml-values.ts';

const PARTIES = ['seller', 'buyer', 'else'] as const;

/** Whom a rule tells and who should act: one for all, or by Incoterms rule. */
export type People = Pick<Rule, 'notify' | 'notifyBy' | 'owner' | 'ownerBy' | 'responsible'>;

/** `known`: whose duty it is by what was said before. */
export function readPeople(fields: Fields, known?: Rule['responsible']): People {
  const { report } = fields;
  const responsible = fields.oneOf('responsible', DUTIES) ?? known;
  const notify = readBy(fields, 'notify', (node) => readTexts(node, report, 'notify', 'customs-desk'));
  const owner = readBy(fields, 'owner', (node) => readText(node, report, 'owner', 'Customs broker'));
  for (const [key, { by }] of [
    ['notify', notify],
    ['owner', owner],
  ] as const) {
    if (responsible !== undefined || !(by.has('seller') || by.has('buyer'))) continue;
    const message = `${key}: nothing says whose duty it is`;
    report.error(fields.get(key)!.place, 'no-duty', message, `add responsible: ${DUTIES.join(', ')}`);
  }
  return {
    notify: notify.all ?? [],
    notifyBy: notify.by,
    owner: owner.all,
    ownerBy: owner.by,
    responsible,
  };
}

/** `key: value`, or `key: { DDP: value, "FCA, FOB": value, seller: value, else: value }`. */
function readBy<T>(
  fields: Fields,
  key: string,
  read: (node: YamlNode) => T | undefined,
): { readonly all: T | undefined; readonly by: ReadonlyMap<string, T> } {
  const node = fields.get(key);
  const by = new Map<string, T>();
  if (node === undefined) return { all: undefined, by };
  if (node.kind !== 'map') return { all: read(node), by };
  const { report } = fields;
  for (const { key: names, keyPlace, value } of readFields(node, report, key)!.all()) {
    const said = read(value);
    for (const name of names.split(/[\s,]+/)) {
      const known = PARTIES.find((party) => party === name.toLowerCase()) ?? name.toUpperCase();
      if (known === name.toUpperCase() && !INCOTERMS.includes(known)) {
        const message = `${key}: "${name}" is no Incoterms rule`;
        report.unknown(keyPlace, 'unknown-incoterm', message, name, [...INCOTERMS, ...PARTIES]);
      } else if (said !== undefined) by.set(known, said);
    }
  }
  const all = by.get('else');
  by.delete('else');
  return { all, by };
}
