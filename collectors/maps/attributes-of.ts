import type { AttributeValue } from '../../rules/event.ts';
import type { YamlEntry, YamlNode } from '../../rules/yaml-tree.ts';
import { type MapContext, readPaths } from './context.ts';
import type { Scope } from './scope.ts';
import { compileText } from './value.ts';

export type AttributesOf = (scope: Scope, out: Record<string, AttributeValue>) => void;

const NAME = /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/;

/** `attributes:` dotted lower-case name → a text, a number (`as: number`, `sum`) or a flag (`as: flag`). */
export function compileAttributes(entries: readonly YamlEntry[], context: MapContext): AttributesOf {
  const readers = entries.flatMap(({ key, keyPlace, value }) => {
    if (!NAME.test(key)) {
      const fix = 'lower-case words with dots between: hold.agency';
      context.report.error(keyPlace, 'bad-attribute-name', `"${key}" is not an attribute name`, fix);
      return [];
    }
    context.attributes.add(key);
    return [{ key, kind: kindOf(value), text: compileText(value, context, key) }];
  });
  return (scope, out) => {
    for (const { key, kind, text } of readers) {
      const found = text(scope);
      if (found === undefined) continue;
      if (kind === 'text') out[key] = found;
      else if (kind === 'flag') out[key] = found === 'true';
      else out[key] = Number(found);
    }
  };
}

/** `attribute_object:` a path to an object whose fields are attributes under their own names; others are left out. */
export function compileAttributeObject(
  node: YamlNode | undefined,
  context: MapContext,
): AttributesOf | undefined {
  if (node === undefined) return undefined;
  const paths = readPaths(node, context, 'attribute_object');
  return (scope, out) => {
    for (const path of paths) {
      for (const object of path.nodes(scope)) {
        if (typeof object !== 'object' || object === null || Array.isArray(object)) continue;
        for (const [name, value] of Object.entries(object)) {
          if (!NAME.test(name)) continue;
          if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
            out[name] = value;
        }
      }
    }
  };
}

function kindOf(node: YamlNode): 'text' | 'number' | 'flag' {
  // Alternatives of one attribute are of one kind.
  if (node.kind === 'list') return node.items[0] === undefined ? 'text' : kindOf(node.items[0]);
  if (node.kind !== 'map') return 'text';
  if (node.entries.some((e) => e.key === 'sum')) return 'number';
  const as = node.entries.find((e) => e.key === 'as')?.value;
  const word = as?.kind === 'scalar' ? as.source : '';
  if (word === 'flag') return 'flag';
  return word === 'number' || word === 'hundredths' ? 'number' : 'text';
}
