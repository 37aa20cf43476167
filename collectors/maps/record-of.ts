import { hash } from 'node:crypto';
import type { AttributeValue, Location, Revision } from '../../rules/event.ts';
import type { Ref } from '../../rules/refs.ts';
import type { Fields } from '../../rules/yaml-reader.ts';
import type { YamlNode } from '../../rules/yaml-tree.ts';
import { type AttributesOf, compileAttributeObject, compileAttributes } from './attributes-of.ts';
import { compileCondition } from './condition.ts';
import type { MapContext } from './context.ts';
import { compileLocation, type LocationOf } from './place-of.ts';
import { compileRefLists, compileRefObject, compileRefs, type RefsOf } from './refs-of.ts';
import type { Scope, Speech, Test, TextOf } from './scope.ts';
import { readTime } from './time-text.ts';
import { compileText } from './value.ts';
import { localToEpoch } from './zones.ts';

/** What a record says of itself, shared by all of its events. */
export interface RecordFacts {
  readonly sourceId: string;
  readonly revision: Revision;
  readonly refs: readonly Ref[];
  readonly aliases: readonly Ref[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly location: Location | undefined;
  /** The record as a whole no longer holds. */
  readonly retracted: boolean;
}

/** The parts of a map that are about the record and not about one event. */
export interface RecordReader {
  readonly id: TextOf | undefined;
  readonly revision: (scope: Scope) => Revision;
  readonly partner: TextOf | undefined;
  readonly correlation: TextOf | undefined;
  readonly zone: TextOf | undefined;
  readonly type: TextOf | undefined;
  readonly refs: RefsOf;
  readonly aliases: RefsOf;
  readonly attributes: AttributesOf;
  readonly location: LocationOf | undefined;
  readonly retracted: Test | undefined;
  /** Why the record is left out on purpose; undefined when it is not. */
  readonly ignore: TextOf | undefined;
  readonly speech: Speech;
}

export function compileRecord(root: Fields, context: MapContext): RecordReader {
  const text = (key: string): TextOf | undefined => {
    const node = root.get(key);
    return node === undefined ? undefined : compileText(node, context, key);
  };
  const test = (key: string): Test | undefined => {
    const node = root.get(key);
    return node === undefined ? undefined : compileCondition(node, context);
  };
  const locationNode = root.get('location');
  return {
    id: compileId(root.get('id'), context),
    revision: compileRevision(root.get('revision'), context),
    partner: text('partner'),
    correlation: text('correlation'),
    zone: text('zone'),
    type: text('type'),
    refs: compileAllRefs(root, context),
    aliases: compileRefs(root.named('aliases'), context),
    attributes: compileAllAttributes(root, context),
    location: locationNode === undefined ? undefined : compileLocation(locationNode, context),
    retracted: test('retracted_when'),
    ignore: ignoring(test('ignore_when')),
    speech: { message: text('message'), release: text('release'), country: text('country') },
  };
}

const ignoring = (when: Test | undefined): TextOf | undefined =>
  when && ((scope) => (when(scope) ? 'the map leaves such records out' : undefined));

/** `refs`, `ref_lists` and `ref_object` of a map or of an event. */
export function compileAllRefs(fields: Fields, context: MapContext): RefsOf {
  const readers = [
    compileRefs(fields.named('refs'), context),
    compileRefLists(fields.list('ref_lists'), context),
    compileRefObject(fields.get('ref_object'), context),
  ];
  return (scope, out) => {
    for (const reader of readers) reader(scope, out);
  };
}

function compileAllAttributes(fields: Fields, context: MapContext): AttributesOf {
  const object = compileAttributeObject(fields.get('attribute_object'), context);
  const named = compileAttributes(fields.named('attributes'), context);
  if (object === undefined) return named;
  return (scope, out) => {
    object(scope, out);
    named(scope, out);
  };
}

/** `id:` a text, or a list of paths that together are the id (all of them must be there). */
export function compileId(node: YamlNode | undefined, context: MapContext): TextOf | undefined {
  if (node === undefined) return undefined;
  if (node.kind !== 'list') return compileText(node, context, 'id');
  const parts = node.items.map((item) => compileText(item, context, 'id'));
  return (scope) => {
    const texts = parts.map((part) => part(scope));
    return texts.includes(undefined) ? undefined : texts.join('/');
  };
}

/**
 * `revision:` a path to an update time or a version number, or the word `snapshot`. Absent: the revision of the transport when
 * it has one, else `snapshot`. A snapshot's order is the log time at which it was first seen; its tag is the hash of its content.
 */
function compileRevision(node: YamlNode | undefined, context: MapContext): RecordReader['revision'] {
  const snapshot = (scope: Scope): Revision => ({
    order: scope.message.firstObservedAt ?? scope.message.observedAt,
    tag: contentTag(scope.record),
  });
  if (node?.kind === 'scalar' && node.value === 'snapshot') return snapshot;
  if (node === undefined) return (scope) => scope.message.revision ?? snapshot(scope);
  const text = compileText(node, context, 'revision');
  return (scope) => {
    const said = text(scope);
    const order = said === undefined ? undefined : orderOf(said, scope);
    // Two contents under one revision are the source's mistake; the tag lets the same one win everywhere.
    if (order !== undefined) return { order, tag: contentTag(scope.record) };
    return scope.message.revision ?? snapshot(scope);
  };
}

/** A plain number or an ETag's (`W/"'0002'"`) counts as a version, a time as its epoch milliseconds. */
function orderOf(text: string, scope: Scope): number | undefined {
  const version = /^(?:W\/)?["']*(\d{1,7})["']*$/.exec(text)?.[1];
  if (version !== undefined) return Number(version);
  const time = readTime(text, 'any');
  if (time === undefined) return undefined;
  if (time.kind === 'instant') return time.at;
  return localToEpoch(time.at, scope.source.zone ?? scope.source.fallbackZone);
}

/** 72 bits of the content's hash: enough to tell the contents of one record apart, and short, for every event carries it. */
const contentTag = (record: unknown): string =>
  hash('sha256', JSON.stringify(record), 'base64url').slice(0, 12);
