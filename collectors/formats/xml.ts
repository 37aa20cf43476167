import { XMLParser, XMLValidator } from 'fast-xml-parser';
import {
  checkSize,
  DEFAULT_LIMITS,
  decodeText,
  type Fault,
  fault,
  type Limits,
  type Parsed,
  type Value,
} from './format.ts';

/** Every leaf is text; attributes are `@name`; the text of an element that has attributes is `#text`. */
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  trimValues: true,
  tagValueProcessor: (_tag, text) => decodeReferences(text),
  attributeValueProcessor: (_name, text) => decodeReferences(text),
});

/** Encodings that an XML declaration may name; others are refused rather than guessed. */
const ENCODINGS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'windows-1252',
  'iso-8859-15': 'iso-8859-15',
  'windows-1252': 'windows-1252',
};

/**
 * XML 1.0 without a document type: DOCTYPE and ENTITY declarations are refused, depth and size are bounded, comments and
 * processing instructions are left out, namespace prefixes are dropped, and every value stays text (`0001` is no number).
 * Only the five predefined entities and character references are decoded.
 */
export function parseXml(data: Uint8Array, limits: Limits = DEFAULT_LIMITS): Parsed {
  const size = checkSize(data, limits);
  if (size !== undefined) return size;
  const text = decodeXml(data);
  if (typeof text !== 'string') return text;
  const unsafe = inspect(text, limits);
  if (unsafe !== undefined) return unsafe;
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    return fault('not-parseable', `not XML: ${valid.err.msg} (line ${valid.err.line})`);
  }
  try {
    const value: Value = parser.parse(text);
    return { value };
  } catch (error) {
    return fault('not-parseable', `not XML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The text of an XML message, by its byte order mark or its declaration. */
export function decodeXml(data: Uint8Array): string | { readonly fault: Fault } {
  if ((data[0] === 0xff && data[1] === 0xfe) || (data[0] === 0xfe && data[1] === 0xff)) {
    const text = decodeText(data, data[0] === 0xff ? 'utf-16le' : 'utf-16be');
    return text ?? fault('not-parseable', 'the bytes are not UTF-16 text');
  }
  const head = String.fromCharCode(...data.subarray(0, 200));
  const declared = /<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']/.exec(head)?.[1]?.toLowerCase() ?? 'utf-8';
  const encoding = Object.hasOwn(ENCODINGS, declared) ? ENCODINGS[declared] : undefined;
  if (encoding === undefined) return fault('not-parseable', `encoding ${declared} is not supported`);
  return decodeText(data, encoding) ?? fault('not-parseable', `the bytes are not ${declared} text`);
}

/** Looks before the parser does: refuses declarations that could carry entities, and nesting beyond the bound. */
function inspect(text: string, limits: Limits): { readonly fault: Fault } | undefined {
  let depth = 0;
  let roots = 0;
  for (let i = text.indexOf('<'); i !== -1; i = text.indexOf('<', i)) {
    const next = text.charCodeAt(i + 1);
    let end: number;
    if (next === 0x21) {
      if (text.startsWith('<!--', i)) end = after(text, '-->', i + 4);
      else if (text.startsWith('<![CDATA[', i)) end = after(text, ']]>', i + 9);
      else return fault('unsafe-xml', 'a DOCTYPE or other declaration is refused');
    } else if (next === 0x3f) {
      end = after(text, '?>', i + 2);
    } else {
      end = tagEnd(text, i + 1);
      if (end !== -1) {
        if (next !== 0x2f && depth === 0) roots++;
        if (next === 0x2f) depth--;
        else if (text.charCodeAt(end - 2) !== 0x2f) depth++;
      }
    }
    if (end === -1) return fault('not-parseable', 'not XML: the text ends inside a tag, comment or section');
    if (depth > limits.maxDepth) return fault('too-deep', `nested deeper than ${limits.maxDepth} levels`);
    i = end;
  }
  if (roots !== 1)
    return fault('not-parseable', `not XML: ${roots === 0 ? 'no' : 'more than one'} root element`);
  return undefined;
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at === -1 ? -1 : at + mark.length;
}

/** Position after the `>` that ends the tag; a `>` inside a quoted attribute does not. */
function tagEnd(text: string, from: number): number {
  let quote = 0;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quote !== 0) {
      if (c === quote) quote = 0;
    } else if (c === 0x22 || c === 0x27) quote = c;
    else if (c === 0x3e) return i + 1;
  }
  return -1;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** One pass, never again over its own result: `&amp;lt;` is `&lt;`. Unknown references stay as written. */
function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{2,4}));/g, (whole, dec, hex, name) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = dec === undefined ? Number.parseInt(hex, 16) : Number(dec);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
