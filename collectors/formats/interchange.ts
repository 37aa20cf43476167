import { hashId } from '../../rules/hash.ts';
import type { Dialect, Header, SegmentOptions } from './dialect.ts';
import type { Fault, Limits, Oddity, Parsed, UnreadPart, Value } from './format.ts';
import { checkSize, fault } from './format.ts';
import { nest, partsOf } from './loops.ts';
import {
  type Decode,
  type RawSegment,
  type ReadSegment,
  readSegment,
  SegmentReader,
  type SegmentValue,
  type Separators,
  textIn,
} from './segments.ts';

/** Bounds for memory. A sender that counts wrongly does so every time: more oddities tell nothing new. */
const MOST_SEGMENTS = 250_000;
const MOST_ODDITIES = 100;

/** A message between its header and its trailer. */
interface Open {
  readonly header: Header;
  readonly id: string;
  readonly start: RawSegment;
  readonly segments: ReadSegment[];
  count: number;
  bad: string | undefined;
}

interface Level {
  readonly header: Header;
  /** Messages in a group; groups, or messages without groups, in an interchange. */
  inside: number;
}

/**
 * Reads one or more interchanges: a list of records, one for each message (or part of a message, see {@link SegmentOptions}). A
 * message that cannot be read is an unread part with its place, and its neighbours are read. Wrong counts and references
 * are oddities.
 */
export function parseInterchange(
  data: Uint8Array,
  dialect: Dialect,
  options: SegmentOptions,
  limits: Limits,
): Parsed {
  const size = checkSize(data, limits);
  if (size !== undefined) return size;
  if ((data[0] === 0xff && data[1] === 0xfe) || (data[0] === 0xfe && data[1] === 0xff)) {
    return fault('not-parseable', 'it is in UTF-16; segments are read from single bytes or UTF-8');
  }
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
  return new Interchanges(text, dialect, options).parse();
}

class Interchanges {
  readonly #text: string;
  readonly #dialect: Dialect;
  readonly #options: SegmentOptions;
  readonly #reader: SegmentReader;
  readonly #records: Value[] = [];
  readonly #unread: UnreadPart[] = [];
  readonly #oddities: Oddity[] = [];
  readonly #ids = new Map<string, number>();
  #separators: Separators | undefined;
  #decode: Decode;
  #interchange: Level | undefined;
  #group: Level | undefined;
  #open: Open | undefined;
  /** An interchange began: with nothing in it, it is empty and not broken. */
  #enveloped = false;
  /** Something outside of any message that is no envelope: told once, however long it is. */
  #stray = false;

  constructor(text: string, dialect: Dialect, options: SegmentOptions) {
    this.#text = text;
    this.#dialect = dialect;
    this.#options = options;
    this.#reader = new SegmentReader(text, text.startsWith('\xef\xbb\xbf') ? 3 : 0);
    this.#decode = dialect.decoder(undefined);
  }

  parse(): Parsed {
    const broken = this.#readAll();
    if (broken !== undefined && this.#records.length === 0) return { fault: broken };
    this.#closeMessage('the text ends before its trailer');
    if (this.#interchange !== undefined)
      this.#odd('end', '', `${this.#dialect.tags.interchange.tail} is missing`);
    if (broken !== undefined) this.#unread.push({ ...broken, path: '/' });
    if (!this.#enveloped && this.#records.length === 0 && this.#unread.length === 0) {
      return fault('not-parseable', `there is no message in it (${this.#dialect.tags.message.head})`);
    }
    return {
      value: this.#records,
      ...(this.#unread.length > 0 && { unread: this.#unread }),
      ...(this.#oddities.length > 0 && { oddities: this.#oddities }),
    };
  }

  /** The fault that ended reading early, if one did. */
  #readAll(): Fault | undefined {
    const { restart } = this.#dialect;
    for (;;) {
      const at = this.#reader.peek();
      if (at === undefined) return undefined;
      const start = this.#dialect.start(this.#text, at);
      if (start !== undefined) {
        if ('bad' in start) return { code: 'not-parseable', reason: `${start.bad} at byte ${at}` };
        this.#separators = start.separators;
        this.#reader.skip(start.length);
      }
      this.#separators ??= this.#bareAt(at);
      if (this.#separators === undefined) {
        const { head } = this.#dialect.tags.interchange;
        return { code: 'not-parseable', reason: `it does not begin with ${head}` };
      }
      const raw = this.#reader.next(this.#separators, restart);
      if (raw === undefined) return undefined;
      if (raw.number > MOST_SEGMENTS)
        return { code: 'too-large', reason: `more than ${MOST_SEGMENTS} segments` };
      this.#segment(raw, this.#separators);
    }
  }

  #bareAt(at: number): Separators | undefined {
    const { bare, tags } = this.#dialect;
    return [tags.message.head, tags.group.head].some((head) => this.#text.startsWith(head, at))
      ? bare
      : undefined;
  }

  #segment(raw: RawSegment, separators: Separators): void {
    const { tags, isTag, refine } = this.#dialect;
    // The character set is in the header itself, which is plain.
    const decode = raw.text.startsWith(tags.interchange.head)
      ? this.#dialect.decoder(undefined)
      : this.#decode;
    const read = readSegment(raw, separators, isTag, decode);
    if ('bad' in read || !raw.ended) {
      this.#spoil(raw, 'bad' in read ? read.bad : 'it is cut off');
      return;
    }
    switch (read.tag) {
      case tags.interchange.head:
        this.#closeMessage('another interchange begins before its trailer');
        this.#decode = this.#dialect.decoder(read.value);
        this.#enveloped = true;
        this.#interchange = { header: this.#dialect.interchange(read.value), inside: 0 };
        this.#group = undefined;
        break;
      case tags.group.head:
        this.#closeMessage('a group begins before its trailer');
        this.#group = { header: this.#dialect.group(read.value), inside: 0 };
        if (this.#interchange !== undefined) this.#interchange.inside += 1;
        break;
      case tags.message.head:
        this.#closeMessage('another message begins before its trailer');
        this.#begin(raw, read.value);
        break;
      case tags.message.tail:
        this.#end(raw, read.value);
        break;
      case tags.group.tail:
        this.#closeMessage('its group ends before its trailer');
        this.#closeLevel(raw, read.value, this.#group);
        this.#group = undefined;
        break;
      case tags.interchange.tail:
        this.#closeMessage('the interchange ends before its trailer');
        this.#closeLevel(raw, read.value, this.#interchange);
        this.#interchange = undefined;
        this.#group = undefined;
        break;
      default:
        this.#add(raw, refine === undefined ? read : refine(read));
    }
  }

  #add(raw: RawSegment, read: ReadSegment): void {
    const open = this.#open;
    if (open === undefined && this.#dialect.between.has(read.tag)) return;
    if (open === undefined) {
      this.#outside(raw, `${read.tag} stands outside of any message`);
      return;
    }
    open.count += 1;
    if (open.bad === undefined) open.segments.push(read);
  }

  /** A segment that cannot be read costs the message it is in. */
  #spoil(raw: RawSegment, why: string): void {
    const open = this.#open;
    if (open === undefined) this.#outside(raw, why);
    else {
      open.count += 1;
      open.bad ??= `${placeOf(raw)}: ${why}`;
      open.segments.length = 0;
    }
  }

  #outside(raw: RawSegment, why: string): void {
    if (!this.#stray) {
      this.#unread.push({ code: 'not-parseable', reason: `${placeOf(raw)}: ${why}`, path: pointer(raw) });
    }
    this.#stray = true;
  }

  #begin(raw: RawSegment, value: SegmentValue): void {
    this.#stray = false;
    const header = this.#dialect.message(value, this.#group?.header);
    const level = this.#group ?? this.#interchange;
    if (level !== undefined) level.inside += 1;
    const id = this.#idOf(header?.ref);
    const bad = header === undefined ? `${placeOf(raw)}: it does not say what message it is` : undefined;
    this.#open = { header: header ?? {}, id, start: raw, segments: [], count: 1, bad };
  }

  /** Sender, interchange, group and message references: what the sender calls this message. */
  #idOf(ref: Value | undefined): string {
    const outer = this.#interchange?.header;
    const named =
      outer === undefined ? [hashId('interchange', this.#text)] : [outer.sender, outer.ref, outer.at];
    const group = this.#group === undefined ? [] : [this.#group.header.ref];
    const id = [...named, ...group, ref].map((part) => part ?? '').join('/');
    const before = this.#ids.get(id) ?? 0;
    this.#ids.set(id, before + 1);
    if (before === 0) return id;
    this.#odd(String(ref ?? ''), id, 'two messages have this reference: the later one is numbered');
    return `${id}#${before + 1}`;
  }

  #end(raw: RawSegment, value: SegmentValue): void {
    const open = this.#open;
    if (open === undefined) {
      this.#outside(raw, 'a trailer without a header');
      return;
    }
    open.count += 1;
    if (open.bad === undefined) this.#compare(raw, value, open.count, open.header.ref, 'segments');
    this.#open = undefined;
    this.#keep(open);
  }

  #closeMessage(why: string): void {
    const open = this.#open;
    if (open === undefined) return;
    open.bad ??= why;
    this.#open = undefined;
    this.#keep(open);
  }

  #keep(open: Open): void {
    const { header, id, start, bad } = open;
    const type = typeof header.type === 'string' ? header.type : 'unnamed';
    if (bad !== undefined) {
      const reason = `message ${header.ref ?? ''} (${type}) from ${placeOf(start)}: ${bad}`;
      this.#unread.push({ code: 'not-parseable', reason, path: pointer(start), sourceId: id });
      return;
    }
    const around = this.#interchange === undefined ? {} : { interchange: this.#interchange.header };
    const message = { ...header, segment: start.number, byte: start.at };
    const record: Record<string, Value> = { ...around };
    if (this.#group !== undefined) record.group = this.#group.header;
    nest(open.segments, this.#options.loops, record);
    for (const { record: whole, part } of partsOf(record, this.#options.split)) {
      this.#records.push({ ...whole, message: { ...message, id: part === '' ? id : `${id}/${part}`, part } });
    }
  }

  #closeLevel(raw: RawSegment, value: SegmentValue, level: Level | undefined): void {
    this.#stray = false;
    if (level !== undefined) this.#compare(raw, value, level.inside, level.header.ref, 'messages or groups');
  }

  #compare(raw: RawSegment, value: SegmentValue, count: number, ref: Value | undefined, what: string): void {
    const [said, saidRef] = [textIn(value, '01'), textIn(value, '02')];
    if (said !== undefined && Number(said) !== count) {
      this.#odd(`${raw.number}`, said, `it counts ${said} ${what}, there are ${count}`);
    }
    if (saidRef !== undefined && saidRef !== ref) {
      this.#odd(`${raw.number}`, saidRef, `the trailer's reference is not its header's (${ref ?? 'none'})`);
    }
  }

  #odd(segment: string, value: string, why: string): void {
    if (this.#oddities.length < MOST_ODDITIES)
      this.#oddities.push({ path: `/segment/${segment}`, value, why });
  }
}

const placeOf = (raw: RawSegment): string => `segment ${raw.number} at byte ${raw.at}`;
const pointer = (raw: RawSegment): string => `/segment/${raw.number}`;
