import { CALENDAR_KEYS } from './sla-calendar.ts';
import { FILE_KEYS, RULE_KEYS } from './sla-keys.ts';
import { changeable, KIND_NAMES, kindInfo, type RuleKind } from './sla-kind.ts';
import { OVERRIDE_KEYS } from './sla-override.ts';
import { PEOPLE_KEYS } from './sla-people.ts';
import { RULE_NAME } from './sla-rule.ts';
import { STEP_KEYS } from './sla-steps.ts';
import { type JsonSchema, type Key, type Keys, mappingSchema, type ValueType } from './yaml-type.ts';

const { kind: _, ...COMMON } = { ...RULE_KEYS, ...PEOPLE_KEYS };

/** What an override may change of each kind. */
export const OVERRIDE_LENGTHS: Keys = Object.assign({}, ...KIND_NAMES.map(changeable));

/** Every table of keys that a rule file may use. */
const TABLES: readonly Keys[] = [
  FILE_KEYS,
  CALENDAR_KEYS,
  COMMON,
  OVERRIDE_KEYS,
  STEP_KEYS,
  ...KIND_NAMES.map((kind) => kindInfo(kind).keys),
];

/** Types of values that have a name of their own, in the order in which the tables use them. */
export function namedTypes(): readonly ValueType<unknown>[] {
  const types = TABLES.flatMap((keys) => Object.values(keys).map(({ type }) => type));
  return [...new Map(types.filter(({ name }) => name !== '').map((type) => [type.name, type])).values()];
}

/**
 * JSON Schema (2020-12) of a rule file, for editors: it refuses what has the wrong shape. Whether a rule makes sense (names that
 * must exist, warnings after the breach) is for the parser and the lint to say.
 */
export function ruleFileSchema(): JsonSchema {
  const named = (schema: JsonSchema, names: JsonSchema = {}): JsonSchema => ({
    type: ['object', 'null'],
    ...names,
    additionalProperties: schema,
  });
  const described = (key: Key, schema: JsonSchema): JsonSchema => ({ description: key.meaning, ...schema });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Rules of Laytime',
    type: 'object',
    properties: {
      calendars: described(FILE_KEYS.calendars, named({ $ref: '#/$defs/calendar' })),
      rules: described(
        FILE_KEYS.rules,
        named({ $ref: '#/$defs/rule' }, { propertyNames: { pattern: RULE_NAME.source } }),
      ),
      override: described(FILE_KEYS.override, named({ $ref: '#/$defs/override' })),
    },
    additionalProperties: false,
    $defs: {
      calendar: mappingSchema(CALENDAR_KEYS),
      rule: {
        anyOf: [
          ...KIND_NAMES.map((kind) => ({ $ref: `#/$defs/kind-${kind}` })),
          { $ref: '#/$defs/rule-of-steps' },
        ],
      },
      ...Object.fromEntries(KIND_NAMES.map((kind) => [`kind-${kind}`, kindSchema(kind)])),
      'rule-of-steps': stepsSchema(),
      'every-kind': EVERY_KIND,
      override: mappingSchema({ ...OVERRIDE_KEYS, ...PEOPLE_KEYS, ...OVERRIDE_LENGTHS }, { partial: true }),
      'every-rule': mappingSchema(COMMON),
      ...Object.fromEntries(namedTypes().map(({ name, schema }) => [name.replaceAll(' ', '-'), schema])),
    },
  };
}

const EVERY_KIND = everyKind();

const COMMON_SCHEMAS = Object.fromEntries(
  Object.keys(COMMON).map((name) => [name, { $ref: `#/$defs/every-rule/properties/${name}` }]),
);

function kindSchema(kind: RuleKind): JsonSchema {
  const { meaning, keys } = kindInfo(kind);
  const own = mappingSchema(keys);
  return {
    description: meaning,
    ...own,
    properties: { kind: { const: kind }, ...(own.properties as JsonSchema), ...COMMON_SCHEMAS },
  };
}

/** The keys of all kinds at once. */
function everyKind(): { readonly properties: JsonSchema } {
  const kinds = KIND_NAMES.map((kind) => mappingSchema(kindInfo(kind).keys, { partial: true }));
  const names = new Set(KIND_NAMES.flatMap((kind) => Object.keys(kindInfo(kind).keys)));
  const properties = [...names].map((name) => {
    const schemas = kinds.flatMap(({ properties }) => (properties as Record<string, JsonSchema>)[name] ?? []);
    return [name, { anyOf: schemas }];
  });
  return { properties: Object.fromEntries(properties) };
}

/** A step has what its rule does not say for all of them; only together they must be complete. */
function stepsSchema(): JsonSchema {
  const own = Object.keys(EVERY_KIND.properties).map((name) => [
    name,
    { $ref: `#/$defs/every-kind/properties/${name}` },
  ]);
  const properties = { kind: { enum: KIND_NAMES }, ...Object.fromEntries(own), ...COMMON_SCHEMAS };
  const step = mappingSchema(STEP_KEYS);
  return {
    description: 'Several rules in one: a chain of milestones',
    type: 'object',
    properties: {
      ...properties,
      steps: {
        type: 'array',
        minItems: 1,
        items: { ...step, properties: { ...(step.properties as JsonSchema), ...properties } },
      },
    },
    required: ['steps'],
    additionalProperties: false,
  };
}
