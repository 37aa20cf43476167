import { VIAS, type Via } from './channels-channel.ts';
import type { FeedLag, FeedTerms } from './sla.ts';
import type { Fields } from './yaml-reader.ts';
import { placeWithin, type YamlReport } from './yaml-report.ts';
import type { YamlNode } from './yaml-tree.ts';
import { oneOrMore, type ValueType } from './yaml-type.ts';
import { parseDuration, readOneOf, readText, readTextNodes } from './yaml-values.ts';

/** Keys of every rule that are about shipments, and say nothing of a channel. */
const OF_SHIPMENTS = ['when', 'pause_while', 'proved_by', 'wait_for_feeds', 'responsible', 'legal'];

/** How the messages of a source come. */
export const VIA: ValueType<readonly Via[]> = {
  name: 'ways',
  words: `one or a list of ${VIAS.map((via) => `\`${via}\``).join(', ')}`,
  schema: oneOrMore({ enum: VIAS }),
  read: (node, report, key, example) =>
    readTextNodes(node, report, key, example).flatMap(
      ({ node: item }) => readOneOf(item, report, key, VIAS) ?? [],
    ),
};

/** How late a channel may tell. */
export const LAG: ValueType<FeedLag> = {
  name: 'lag',
  words:
    'a share of its reports, and within how long they must be known: `95% within 6h`; from 50% to below 100%',
  schema: { type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?\\s*%\\s+within\\s+\\S.*$' },
  read: readLag,
};

function readLag(node: YamlNode, report: YamlReport, key: string): FeedLag | undefined {
  const text = readText(node, report, key, '95% within 6h');
  if (text === undefined) return undefined;
  const [, percent, length] = /^(\d+(?:\.\d+)?)\s*%\s+within\s+(.+)$/.exec(text.trim()) ?? [];
  const ms = length === undefined ? undefined : parseDuration(length);
  const share = shareOf(percent);
  if (ms !== undefined && share !== undefined) return { share, ms, text: text.trim() };
  const fix = 'write 95% within 6h: of a hundred reports 95 are known six hours after it happened';
  report.error(placeWithin(node, 0, text.length), 'bad-lag', `${key}: "${text}" is no reporting lag`, fix);
  return undefined;
}

/** `95` → 0.95, from 50 to below 100; undefined for any other. */
export function shareOf(percent: string | undefined): number | undefined {
  const share = Number(percent) / 100;
  return share >= 0.5 && share < 1 ? share : undefined;
}

/** What is wrong with the keys of a `feed` rule together, or of an override of one. */
export function checkFeed(fields: Fields, base?: FeedTerms): void {
  const { report } = fields;
  if (base === undefined && !fields.has('silent_for') && !fields.has('lag')) {
    const fix = 'add silent_for: 2h, lag: 95% within 6h, or both';
    report.error(fields.place, 'missing-key', `${fields.what} needs "silent_for" or "lag"`, fix);
  }
  for (const key of OF_SHIPMENTS) {
    const entry = fields.entry(key);
    if (entry === undefined) continue;
    const message = `${fields.what}: "${key}" is about shipments, and a rule of kind feed watches channels`;
    report.error(entry.keyPlace, 'wrong-kind', message, 'name them with source:, partner: or via:');
  }
}
