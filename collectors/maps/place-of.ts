import type { Location, PlaceRole } from '../../rules/event.ts';
import { readFields } from '../../rules/yaml-reader.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { readOneOf, readTextNodes } from '../../rules/yaml-values.ts';
import { airportOf, placeOf, zoneOfCountry } from '../places.ts';
import { compileCondition } from './condition.ts';
import { type MapContext, readTable } from './context.ts';
import type { Scope, TextOf } from './scope.ts';
import { compileText, compileTexts } from './value.ts';

export type LocationOf = (scope: Scope) => Location | undefined;
export type RoleOf = (scope: Scope, location: Location | undefined) => PlaceRole | undefined;

export const ROLES = ['origin', 'transshipment', 'destination'] as const satisfies readonly PlaceRole[];
const isRole = (text: string | undefined): text is PlaceRole => ROLES.some((r) => r === text);

/** `location:` `{unlocode, facility, name, country, zone}`, each a text. The UN/LOCODE may be the IATA code
 * of an airport; an unknown one is kept and noted. */
export function compileLocation(node: YamlNode, context: MapContext): LocationOf {
  const fields = readFields(node, context.report, 'location');
  if (fields === undefined) return () => undefined;
  const part = (key: string): TextOf | undefined => {
    const at = fields.get(key);
    return at === undefined ? undefined : compileText(at, context, key);
  };
  const [unlocode, facility, name, country, zone] = [
    part('unlocode'),
    part('facility'),
    part('name'),
    part('country'),
    part('zone'),
  ];
  fields.end();
  return (scope) => {
    const code = unlocode?.(scope);
    const place = code === undefined ? undefined : (placeOf(code) ?? airportOf(code));
    if (code !== undefined && place?.listed !== true) {
      const why = place === undefined ? 'not the form of a UN/LOCODE' : 'not in our list of places';
      scope.notes.push({ kind: 'unknown-place', path: `${scope.recordAt}/location`, value: code, why });
    }
    const out: { -readonly [K in keyof Location]: Location[K] } = {};
    if (place !== undefined) out.unlocode = place.unlocode;
    const said = name?.(scope) ?? place?.name ?? (place === undefined ? code : undefined);
    if (said !== undefined) out.name = said;
    const land = country?.(scope) ?? place?.country;
    if (land !== undefined) out.country = land;
    const clock = zone?.(scope) ?? place?.zone ?? (land === undefined ? undefined : zoneOfCountry(land));
    if (clock !== undefined) out.zone = clock;
    const facilityText = facility?.(scope);
    if (facilityText !== undefined) out.facility = facilityText;
    return said === undefined && land === undefined && facilityText === undefined && place === undefined
      ? undefined
      : out;
  };
}

/**
 * `role:` a word (`destination`), a text from the message (`{from, codes}`), `{by_place: {destination: [NLRTM]}}`, or a list of these,
 * of which the first that answers wins. No answer means "not said": then the event satisfies no milestone that names a place.
 */
export function compileRole(node: YamlNode, context: MapContext): RoleOf {
  if (node.kind === 'list') {
    const any = node.items.map((item) => compileRole(item, context));
    return (scope, location) => {
      for (const role of any) {
        const found = role(scope, location);
        if (found !== undefined) return found;
      }
      return undefined;
    };
  }
  if (node.kind === 'scalar') {
    const role = readOneOf(node, context.report, 'role', ROLES);
    return () => role;
  }
  if (node.entries.some((e) => e.key === 'by_place')) return compileByPlace(node, context);
  const text = compileText(node, context, 'role');
  checkRoles(node, context);
  return (scope) => {
    const found = text(scope);
    if (found === undefined || isRole(found)) return found;
    const why = `not a role: ${ROLES.join(', ')}; a code table can translate it`;
    scope.notes.push({ kind: 'unknown-code', path: scope.itemAt || scope.recordAt, value: found, why });
    return undefined;
  };
}

/** What the event says of its role, else what its place says. */
export function firstRole(said: RoleOf | undefined, byPlace: RoleOf | undefined): RoleOf | undefined {
  if (said === undefined || byPlace === undefined) return said ?? byPlace;
  return (scope, location) => said(scope, location) ?? byPlace(scope, location);
}

function checkRoles(node: YamlNode, context: MapContext): void {
  const fields = readFields(node, context.report, 'role');
  if (fields === undefined) return;
  const before = context.report.problems.length;
  const table = readTable(fields, context);
  context.report.problems.length = before;
  for (const target of table?.targets ?? []) {
    if (!isRole(target.text)) readOneOf(target.node, context.report, `role in ${table?.name}`, ROLES);
  }
  const value = fields.get('value');
  if (value !== undefined) readOneOf(value, context.report, 'role', ROLES);
}

/** The event's place compared with places that the map lists, or that the message itself names (`{from: path}`). */
function compileByPlace(node: YamlNode, context: MapContext): RoleOf {
  const outer = readFields(node, context.report, 'role');
  const placesNode = outer?.get('by_place');
  const whenNode = outer?.get('when');
  const when = whenNode === undefined ? undefined : compileCondition(whenNode, context);
  outer?.end();
  const role = placesNode === undefined ? undefined : compilePlaceRoles(placesNode, context);
  return (scope, location) => (when === undefined || when(scope) ? role?.(scope, location) : undefined);
}

/** `{origin: [CNSHG], destination: {from: routing.destination}}`: also the map's own key `places:`. */
export function compilePlaceRoles(node: YamlNode, context: MapContext): RoleOf {
  const fields = readFields(node, context.report, 'places');
  const rules = ROLES.flatMap((role) => {
    const at = fields?.get(role);
    return at === undefined ? [] : [{ role, has: compilePlaces(at, context) }];
  });
  fields?.end();
  return (scope, location) => {
    const code = location?.unlocode;
    if (code === undefined) return undefined;
    return rules.find((rule) => rule.has(scope, code))?.role;
  };
}

function compilePlaces(node: YamlNode, context: MapContext): (scope: Scope, code: string) => boolean {
  if (node.kind === 'map') {
    const texts = compileTexts(node, context, 'by_place');
    const found: string[] = [];
    return (scope, code) => {
      texts(scope, found);
      const has = found.some((text) => placeOf(text)?.unlocode === code);
      found.length = 0;
      return has;
    };
  }
  const codes = new Set<string>();
  for (const { text, node: at } of readTextNodes(node, context.report, 'by_place', 'NLRTM')) {
    const place = placeOf(text);
    if (place === undefined) {
      context.report.error(
        at.place,
        'bad-unlocode',
        `"${text}" is not a UN/LOCODE`,
        'five characters: NLRTM',
      );
    } else codes.add(place.unlocode);
  }
  return (_scope, code) => codes.has(code);
}
