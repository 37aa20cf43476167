import { type Dialect, decodeUnsaid } from '../formats/dialect.ts';
import { readSegment, SegmentReader, type Separators, splitAt } from '../formats/segments.ts';
import { type Qualified, readQualified } from '../maps/qualifier.ts';

/** What is private in the segments of one name (and with these qualifiers). */
export interface SegmentDrop extends Qualified {
  /** Counted from 1; absent: all of the segment but its qualifiers. */
  readonly element?: number;
  /** Counted from 1; absent: all of the element. */
  readonly component?: number;
}

const TAG = /^[A-Z][A-Z0-9]{1,2}$/;
const PLACE = /^\d{1,2}$/;

/**
 * `NAD+CN`, `NAD+CN.04`, `NAD+CN.04.2`, `COM`, `N1*ST.02`, as in maps. The loops before it (`EQD.NAD+CN`) are not looked at: a private
 * segment is private wherever it is. Undefined when the text names no segment.
 */
export function parseSegmentDrop(text: string): SegmentDrop | undefined {
  const steps = text
    .trim()
    .replace(/^\$\./, '')
    .split('.')
    .map((step) => step.replace(/\[[^\]]*\]$/, ''));
  const places: number[] = [];
  while (places.length < 2 && PLACE.test(steps.at(-1) ?? '')) places.unshift(Number(steps.pop()));
  const [segment, ...others] = steps.map(segmentOf).reverse();
  if (segment === undefined || others.includes(undefined) || places.includes(0)) return undefined;
  const [element, component] = places;
  return {
    ...segment,
    ...(element !== undefined && { element }),
    ...(component !== undefined && { component }),
  };
}

const segmentOf = (step: string): Qualified | undefined =>
  TAG.test(step) ? { tag: step, test: () => true, looksAt: [] } : readQualified(step);

/**
 * The interchange without what is private: emptied elements, every separator in its place. What is no segment is emptied too, for nobody
 * can tell what it is. Undefined when the text cannot be taken apart.
 */
export function dropFromSegments(
  text: string,
  dialect: Dialect,
  drops: readonly SegmentDrop[],
): string | undefined {
  const reader = new SegmentReader(text, text.startsWith('\xef\xbb\xbf') ? 3 : 0);
  let separators: Separators | undefined;
  let hidden: RegExp | undefined;
  let out = '';
  let written = 0;
  for (let at = reader.peek(); at !== undefined; at = reader.peek()) {
    const start = dialect.start(text, at);
    if (start !== undefined && 'bad' in start) return undefined;
    if (start !== undefined) {
      separators = start.separators;
      hidden = undefined;
      reader.skip(start.length);
    }
    separators ??= dialect.bare;
    const raw = separators === undefined ? undefined : reader.next(separators, dialect.restart);
    if (raw === undefined || separators === undefined) return undefined;
    out += text.slice(written, raw.at);
    hidden ??= hiddenIn(separators, drops);
    for (const piece of raw.text.split(hidden)) out += cleanSegment(piece, separators, dialect.isTag, drops);
    written = raw.at + raw.text.length;
  }
  return out + text.slice(written);
}

/** Where a private segment begins on a line of its own inside another one, whose terminator was forgotten: it is private all the same. */
function hiddenIn({ element }: Separators, drops: readonly SegmentDrop[]): RegExp {
  const tags = drops.map(({ tag }) => tag).join('|');
  return new RegExp(`(?<=[\\r\\n])(?=(?:${tags})${element.replace(/[^\w]/, '\\$&')})`);
}

function cleanSegment(
  raw: string,
  separators: Separators,
  isTag: RegExp,
  drops: readonly SegmentDrop[],
): string {
  const text = raw.replace(/[\r\n]+/g, '');
  const name = text.slice(0, text.indexOf(separators.element));
  if (isTag.test(name) && !drops.some(({ tag }) => tag === name)) return raw;
  const read = readSegment({ text, number: 0, at: 0, ended: true }, separators, isTag, decodeUnsaid);
  if ('bad' in read) return '';
  const own = drops.filter(({ tag, test }) => tag === read.tag && test(read.value));
  if (own.length === 0) return raw;
  const elements = splitAt(text, separators.element, separators.release).map((element, i) =>
    i === 0 ? element : own.reduce((left, drop) => cleanElement(left, i, separators, drop), element),
  );
  return elements.join(separators.element);
}

function cleanElement(
  text: string,
  position: number,
  { repetition, component, release }: Separators,
  drop: SegmentDrop,
): string {
  if (drop.element !== undefined && drop.element !== position) return text;
  if (drop.element !== undefined && drop.component === undefined) return '';
  const stays = (i: number): boolean =>
    drop.element === undefined
      ? drop.looksAt.some((each) => each.element === position && each.component === i + 1)
      : drop.component !== i + 1;
  const repeated = repetition === undefined ? [text] : splitAt(text, repetition, release);
  return repeated
    .map((each) =>
      splitAt(each, component, release)
        .map((part, i) => (stays(i) ? part : ''))
        .join(component),
    )
    .join(repetition ?? '');
}
