import Holidays from 'date-holidays';

const DAY_MS = 86_400_000;
/** Dates by `code|year`; holidays never change within a run, and reading a country's rules is slow. */
const known = new Map<string, readonly string[]>();
const calculators = new Map<string, Holidays | undefined>();

/**
 * Whether `publicHolidays` knows the code: `NL` (ISO 3166-1), `US-NY`, `DE-BY-A` (with state and region as
 * date-holidays names them).
 */
export const isHolidayCode = (code: string): boolean => calculatorOf(code) !== undefined;

/**
 * Local dates (`2026-04-27`) of the public holidays of a country, state or region in a year, sorted;
 * substitute days are among them. Only holidays of the whole day: a half day does not close an office, it has
 * special opening hours. Throws a RangeError for a code that is not known. Reads no clock and no time zone of
 * the machine.
 */
export function publicHolidays(code: string, year: number): readonly string[] {
  const id = `${code}|${year}`;
  let dates = known.get(id);
  if (dates === undefined) {
    const calculator = calculatorOf(code);
    if (calculator === undefined) throw new RangeError(unknownCode(code));
    dates = readYear(calculator, year);
    known.set(id, dates);
  }
  return dates;
}

const unknownCode = (code: string): string =>
  `"${code}" is no country or region whose holidays are known; write a code such as NL or US-NY`;

function readYear(calculator: Holidays, year: number): readonly string[] {
  const out = new Set<string>();
  // The year is always given: without it the library would read the clock.
  for (const { start, end, type } of calculator.getHolidays(year)) {
    if (type !== 'public') continue;
    let from = start.getTime();
    let to = end.getTime();
    if (hourOf(from) === 18) {
      // Lunar calendars: the day begins at the sunset before the date on which offices are closed.
      from += 6 * 3_600_000;
      to += 6 * 3_600_000;
    }
    for (let day = Math.ceil(from / DAY_MS) * DAY_MS; day + DAY_MS <= to; day += DAY_MS) {
      out.add(new Date(day).toISOString().slice(0, 10));
    }
  }
  return [...out].sort();
}

const hourOf = (at: number): number => (((at % DAY_MS) + DAY_MS) % DAY_MS) / 3_600_000;

function calculatorOf(code: string): Holidays | undefined {
  if (calculators.has(code)) return calculators.get(code);
  const calculator = makeCalculator(code);
  calculators.set(code, calculator);
  return calculator;
}

function makeCalculator(code: string): Holidays | undefined {
  const [country = '', state, region, ...rest] = code.split('-');
  // In "UTC" the library's instants read as the local wall time of the place, whatever the machine's zone is.
  const options = { types: ['public' as const], timezone: 'UTC' };
  const all = new Holidays(options);
  if (rest.length > 0 || !Object.hasOwn(all.getCountries() ?? {}, country)) return undefined;
  if (state === undefined) return new Holidays(country, options);
  // An unknown state silently gives the holidays of the country: ask first.
  if (!Object.hasOwn(all.getStates(country) ?? {}, state)) return undefined;
  if (region === undefined) return new Holidays(country, state, options);
  if (!Object.hasOwn(all.getRegions(country, state) ?? {}, region)) return undefined;
  return new Holidays(country, state, region, options);
}
