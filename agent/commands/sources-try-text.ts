import type { Counted, Coverage, IdCoverage, MilestoneCoverage } from './sources-try-coverage.ts';
import { clean, fit, plural } from './table.ts';

const MOST_LINES = 30;
const WIDEST = 110;

/** A coverage as a person sends it to the partner: plain lines, what is missing before what is fine. */
export function coverageText(coverage: Coverage): readonly string[] {
  const { messages, understood, leftOut, deadLetters, unknownCodes, places, otherNotes, unreadFields } =
    coverage;
  const letters = deadLetters.reduce((sum, { times }) => sum + times, 0);
  return [
    'COVERAGE',
    `  ${plural(messages, 'message')}: ${understood} understood, ${leftOut} left out, ${letters} dead ${letters === 1 ? 'letter' : 'letters'}`,
    ...section('What could not be read', deadLetters.map(countedLine)),
    ...section('Codes that no table of the map knows', unknownCodes.map(countedLine)),
    ...section('Places that are not known', places.map(countedLine)),
    ...section('Identifiers', coverage.ids.flatMap(idLines)),
    ...section('Time zones', zoneLines(coverage.zones)),
    ...section('Also noticed', otherNotes.map(countedLine)),
    ...section(
      'Fields that the map never reads',
      unreadFields.map(({ path, times, sample }) => `${times}× ${path}  "${sample}"`),
    ),
    ...section('Milestones of this source', coverage.milestones.map(milestoneLine)),
    ...section(
      'Rules that it makes provable',
      coverage.rules.map(({ rule, title, needs }) =>
        needs.length === 0
          ? `${rule}: ${title}`
          : `${rule}: ${title} (its start, ${needs.join(' or ')}, from another source)`,
      ),
    ),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_LINES).map((line) => `  ${fit(clean(line), WIDEST)}`);
  const more = lines.length > MOST_LINES ? [`  … ${lines.length - MOST_LINES} more; --json has all`] : [];
  return ['', title, ...shown, ...more];
}

const countedLine = ({ what, times, why, first }: Counted): string =>
  `${times}× ${what}, first in ${first}: ${why}`;

function idLines({ type, different, fit: fits, wrong }: IdCoverage): readonly string[] {
  const checked = fits + wrong.length > 0 ? `: ${fits} fit, ${wrong.length} do not` : '';
  return [`${different} different ${type}${checked}`, ...wrong.map(({ value, why }) => `  ${value}: ${why}`)];
}

function zoneLines(zones: Coverage['zones']): readonly string[] {
  const words: Readonly<Record<string, string>> = {
    text: 'with their offset in the message',
    place: 'in the zone of the place',
    partner: "in the partner's zone",
    assumed: "in an ASSUMED zone: set `zone:` on the source, or name the zone's field in the map",
  };
  return Object.entries(zones).map(([from, times]) => `${plural(times, 'time')} ${words[from] ?? from}`);
}

function milestoneLine({ milestone, seen, withoutRole, proves }: MilestoneCoverage): string {
  const counts = Object.entries(seen).map(([classifier, times]) => `${times} ${classifier}`);
  const all = Object.values(seen).reduce((sum, times) => sum + times, 0);
  const role =
    all > 0 && withoutRole > 0 ? `; ${withoutRole} of ${all} name no stop (origin, destination)` : '';
  const proof = proves ? 'can be proved' : 'is no proof (plans and estimates, or the map says so)';
  return `${milestone}: ${proof}, ${counts.length === 0 ? 'not in these messages' : counts.join(', ')}${role}`;
}
