import type {
  Counted,
  Coverage,
  IdCoverage,
  MilestoneCoverage,
  RuleCoverage,
} from './sources-try-coverage.ts';
import { clean, fit, plural } from './table.ts';

const MOST_LINES = 30;
const WIDEST = 160;
/** Milestones that rules ask for by their stop. */
const AT_A_STOP = new Set(['loaded', 'departed', 'arrived', 'discharged']);

/** A coverage as a person sends it to the partner: plain lines, what is missing before what is fine. */
export function coverageText(coverage: Coverage): readonly string[] {
  const { messages, understood, leftOut, deadLetters, unknownCodes, places, otherNotes, unreadFields } =
    coverage;
  const letters = deadLetters.reduce((sum, { times }) => sum + times, 0);
  return [
    'COVERAGE',
    `  ${plural(messages, 'message')}: ${understood} understood, ${leftOut} left out, ${letters} dead ${letters === 1 ? 'letter' : 'letters'}`,
    ...section(
      'Left out on purpose',
      coverage.reasonsLeftOut.map(({ what, times, first }) => `${times}× ${what} (first in ${first})`),
    ),
    ...section('What could not be read', deadLetters.map(countedLine)),
    ...section('Codes that no table of the map knows', unknownCodes.map(countedLine)),
    ...section('Places that are not known', places.map(countedLine)),
    ...section('Identifiers', coverage.ids.flatMap(idLines)),
    ...section('Time zones', zoneLines(coverage)),
    ...section('Also noticed', otherNotes.filter(notAnId).map(countedLine)),
    ...section(
      'Fields that the map never reads',
      unreadFields.map(({ path, times, sample }) => `${times}× ${path}  "${sample}"`),
    ),
    ...section('Milestones of this source', coverage.milestones.map(milestoneLine)),
    ...section('Rules that it makes provable', coverage.rules.map(ruleLine)),
    ...section('Rules whose clock it can start', coverage.rulesStarted.map(ruleLine)),
  ];
}

const ruleLine = ({ rule, title, needs }: RuleCoverage): string =>
  needs.length === 0 ? `${rule}: ${title}` : `${rule}: ${title}; it also needs ${needs.join(', ')}`;

function section(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_LINES).map((line) => `  ${fit(clean(line), WIDEST)}`);
  const more = lines.length > MOST_LINES ? [`  … ${lines.length - MOST_LINES} more; --json has all`] : [];
  return ['', title, ...shown, ...more];
}

const countedLine = ({ what, times, why, first }: Counted): string =>
  `${times}× ${what}: ${why} (first in ${first})`;

/** Identifiers have a section of their own. */
const notAnId = ({ what }: Counted): boolean => !what.startsWith('bad-ref ');

function idLines({ type, different, fit: fits, wrong }: IdCoverage): readonly string[] {
  const checked = fits + wrong.length > 0 ? `: ${fits} fit, ${wrong.length} do not` : '';
  return [`${different} different ${type}${checked}`, ...wrong.map(({ value, why }) => `  ${value}: ${why}`)];
}

function zoneLines({ zones, zonesAssumed }: Coverage): readonly string[] {
  const words: Readonly<Record<string, string>> = {
    text: 'with their zone or offset in the message',
    place: 'in the zone of the place',
    partner: "in the partner's zone",
    assumed: "in an ASSUMED zone: set `zone:` on the source, or name the zone's field in the map",
  };
  return [
    ...Object.entries(words).flatMap(([from, how]) =>
      zones[from] === undefined ? [] : [`${plural(zones[from], 'time')} ${how}`],
    ),
    ...zonesAssumed.map(({ what, times, why, first }) => `  ${times}× ${what}: ${why} (first in ${first})`),
  ];
}

function milestoneLine({ milestone, seen, takenBack, withoutRole, proves }: MilestoneCoverage): string {
  const counts = Object.entries(seen).map(([classifier, times]) => `${times} ${classifier}`);
  if (takenBack > 0) counts.push(`${takenBack} that it does not hold`);
  const all = Object.values(seen).reduce((sum, times) => sum + times, 0);
  const role =
    withoutRole > 0 && AT_A_STOP.has(milestone)
      ? `; ${withoutRole} of ${all} name no stop (origin, destination)`
      : '';
  const proof = proves ? 'can be proved' : 'is no proof (plans and estimates, or the map says so)';
  return `${milestone}: ${proof}, ${counts.length === 0 ? 'not in these messages' : counts.join(', ')}${role}`;
}
