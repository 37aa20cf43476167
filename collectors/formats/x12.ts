import {
  type Dialect,
  decodeUnsaid,
  headerOf,
  NO_LOOPS,
  preparedAt,
  type SegmentOptions,
} from './dialect.ts';
import { DEFAULT_LIMITS, type Limits, type Parsed } from './format.ts';
import { parseInterchange } from './interchange.ts';
import { type Separators, textIn } from './segments.ts';

/**
 * ASC X12 interchanges: ISA, GS, ST to SE, GE, IEA. Every separator is read from ISA, whatever it is. Each transaction set is a record
 * with `interchange`, `group`, `message` (type `315`, release `004010`) and its segments by name.
 */
export function parseX12(
  data: Uint8Array,
  options: SegmentOptions = NO_LOOPS,
  limits: Limits = DEFAULT_LIMITS,
): Parsed {
  return parseInterchange(data, X12, options, limits);
}

const ISA_ELEMENTS = 16;

/**
 * ISA is 106 characters with fixed places, but some senders do not pad: its separators are counted instead. After the sixteenth comes the
 * component separator, and after that the terminator. ISA11 is the repetition separator from version 00402 on.
 */
function start(text: string, at: number): ReturnType<Dialect['start']> {
  if (!text.startsWith('ISA', at)) return undefined;
  const element = text[at + 3];
  if (element === undefined || /[A-Za-z0-9\s]/.test(element)) return undefined;
  let place = at + 3;
  const starts = [place];
  while (starts.length < ISA_ELEMENTS) {
    place = text.indexOf(element, place + 1);
    if (place === -1 || place - at > 400) return { bad: `ISA has fewer than ${ISA_ELEMENTS} elements` };
    starts.push(place);
  }
  const [component, terminator] = [text[place + 1], text[place + 2]];
  if (component === undefined || terminator === undefined) return { bad: 'ISA is cut off' };
  const separators: Separators = { element, component, terminator };
  const all = [element, component, terminator];
  if (new Set(all).size < all.length || all.some((c) => /[A-Za-z0-9]/.test(c))) {
    return { bad: `ISA names separators that cannot be: ${JSON.stringify(all.join(''))}` };
  }
  const version = text.slice(starts[11]! + 1, starts[12]);
  const repetition = text.slice(starts[10]! + 1, starts[11]);
  const repeats = repetition.length === 1 && version >= '00402' && !/[A-Za-z0-9\s]/.test(repetition);
  return {
    separators: repeats && !all.includes(repetition) ? { ...separators, repetition } : separators,
    length: 0,
  };
}

export const X12: Dialect = {
  tags: {
    interchange: { head: 'ISA', tail: 'IEA' },
    group: { head: 'GS', tail: 'GE' },
    message: { head: 'ST', tail: 'SE' },
  },
  // An acknowledgement of an interchange that we sent.
  between: new Set(['TA1']),
  isTag: /^[A-Z][A-Z0-9]{1,2}$/,
  restart: /(?<=[\r\n])ISA[^A-Za-z0-9\s]/,
  start,
  bare: undefined,
  decoder: () => decodeUnsaid,
  interchange: (v) =>
    headerOf({
      sender: textIn(v, '06'),
      recipient: textIn(v, '08'),
      at: preparedAt(textIn(v, '09'), textIn(v, '10')),
      ref: textIn(v, '13'),
      test: textIn(v, '15') === 'T' ? '1' : undefined,
    }),
  group: (v) =>
    headerOf({
      type: textIn(v, '01'),
      sender: textIn(v, '02'),
      recipient: textIn(v, '03'),
      at: preparedAt(textIn(v, '04'), textIn(v, '05')),
      ref: textIn(v, '06'),
      release: textIn(v, '08'),
    }),
  message: (v, group) => {
    const type = textIn(v, '01');
    if (type === undefined) return undefined;
    const release = textIn(v, '03') ?? (typeof group?.release === 'string' ? group.release : undefined);
    return headerOf({ type, ref: textIn(v, '02'), release });
  },
};
