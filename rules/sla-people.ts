import { DUTIES, INCOTERMS } from './incoterm.ts';
import type { Rule } from './sla.ts';
import { type Fields, readFields } from './yaml-reader.ts';
import { anyCase, oneOf, optional, readKeys, schemaOf, TEXT, TEXTS, type ValueType } from './yaml-type.ts';

const PARTIES = ['seller', 'buyer', 'else'] as const;

/** Whom a rule tells and who should act: one for all, or by Incoterms rule. */
export type People = Pick<Rule, 'notify' | 'notifyBy' | 'owner' | 'ownerBy' | 'responsible'>;

interface ByIncoterm<T> {
  readonly all: T | undefined;
  readonly by: ReadonlyMap<string, T>;
}

const NAME = `(${[...INCOTERMS, ...PARTIES].map(anyCase).join('|')})`;

/** `value`, or `{ DDP: value, "FCA, FOB": value, seller: value, else: value }`. */
const byIncoterm = <T>(name: string, type: ValueType<T>): ValueType<ByIncoterm<T>> => ({
  name,
  words: `${type.words}; or one for each Incoterms rule or party: \`{ "FCA, FOB": …, DDP: …, seller: …, buyer: …, else: … }\``,
  schema: {
    anyOf: [
      schemaOf(type),
      {
        type: 'object',
        propertyNames: { pattern: `^${NAME}([\\s,]+${NAME})*$` },
        additionalProperties: schemaOf(type),
      },
    ],
  },
  read: (node, report, key, example) => {
    const by = new Map<string, T>();
    if (node.kind !== 'map') return { all: type.read(node, report, key, example), by };
    for (const { key: names, keyPlace, value } of readFields(node, report, key)!.all()) {
      const said = type.read(value, report, key, example);
      for (const written of names.split(/[\s,]+/)) {
        const known = PARTIES.find((party) => party === written.toLowerCase()) ?? written.toUpperCase();
        if (known === written.toUpperCase() && !INCOTERMS.includes(known)) {
          const message = `${key}: "${written}" is no Incoterms rule`;
          report.unknown(keyPlace, 'unknown-incoterm', message, written, [...INCOTERMS, ...PARTIES]);
        } else if (said !== undefined) by.set(known, said);
      }
    }
    const all = by.get('else');
    by.delete('else');
    return { all, by };
  },
});

/** Keys of a rule about people. */
export const PEOPLE_KEYS = {
  notify: optional(
    byIncoterm('routes', TEXTS),
    'routes of the configuration that are told',
    'customs-desk',
    'nobody is told',
  ),
  owner: optional(byIncoterm('owner', TEXT), 'who should act, in words', 'Customs broker'),
  responsible: optional(
    oneOf(DUTIES),
    'whose duty it is: decides who is seller or buyer under `notify` and `owner`',
    'import',
  ),
};

/** `known`: whose duty it is by what was said before. */
export function readPeople(fields: Fields, known?: Rule['responsible']): People {
  const { notify, owner, responsible = known } = readKeys(fields, PEOPLE_KEYS);
  for (const [key, said] of [
    ['notify', notify],
    ['owner', owner],
  ] as const) {
    if (responsible !== undefined || !(said?.by.has('seller') || said?.by.has('buyer'))) continue;
    const message = `${key}: nothing says whose duty it is`;
    fields.report.error(fields.get(key)!.place, 'no-duty', message, `add responsible: ${DUTIES.join(', ')}`);
  }
  return {
    notify: notify?.all ?? [],
    notifyBy: notify?.by ?? new Map(),
    owner: owner?.all,
    ownerBy: owner?.by ?? new Map(),
    responsible,
  };
}
