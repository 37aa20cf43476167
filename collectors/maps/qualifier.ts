import type { Value } from '../formats/format.ts';
import { textOf } from './scope.ts';

/** What one component of a segment must be. */
interface Condition {
  readonly element: string;
  /** Absent: the first, which is the text of the element. */
  readonly component: string | undefined;
  readonly equals: readonly string[];
}

/** A path step such as `RFF+BH`, `N9*BM|BN`, `GIS+4:120`, `MEA+WT+AAD`: the segments of that name with these qualifiers. */
export interface Qualified {
  readonly tag: string;
  readonly test: (segment: Value) => boolean;
  /** Where the qualifiers are: elements and components, counted from 1. */
  readonly looksAt: readonly { readonly element: number; readonly component: number }[];
}

const FORM = /^([A-Z][A-Z0-9]{1,2})([+*])(.+)$/;

/**
 * Reads a step as the two standards write a segment: `+` (EDIFACT) or `*` (X12) between elements, `:` between components, `|` between
 * alternatives, nothing where anything will do. Undefined when it is an ordinary name.
 */
export function readQualified(name: string): Qualified | undefined {
  const [, tag, separator, rest] = FORM.exec(name) ?? [];
  if (tag === undefined || separator === undefined || rest === undefined) return undefined;
  const conditions = rest.split(separator).flatMap((element, i) =>
    element.split(':').flatMap((component, j): readonly Condition[] => {
      if (component === '') return [];
      const key = String(i + 1).padStart(2, '0');
      return [{ element: key, component: j === 0 ? undefined : String(j + 1), equals: component.split('|') }];
    }),
  );
  return {
    tag,
    test: (segment) => conditions.every((condition) => holds(condition, segment)),
    looksAt: conditions.map(({ element, component = '1' }) => ({
      element: Number(element),
      component: Number(component),
    })),
  };
}

function holds({ element, component, equals }: Condition, segment: Value): boolean {
  if (typeof segment !== 'object' || segment === null) return false;
  const found = (segment as { readonly [name: string]: Value })[element];
  const said = component === undefined ? textOf(found) : textOf(componentOf(found, component));
  return said !== undefined && equals.includes(said);
}

const componentOf = (element: Value | undefined, component: string): Value | undefined =>
  typeof element === 'object' && element !== null
    ? (element as { readonly [name: string]: Value })[component]
    : undefined;
