/**
 * Check digits of the field's identifiers. Every function takes the canonical form (upper case, no separators) and returns
 * the computed character, or undefined when the text has not the shape that the standard gives. Published samples and real
 * feeds carry wrong ones, so a mismatch is shown to people and never a reason to drop an identifier.
 */

/** Letter values of ISO 6346 (annex A): A=10, then counting up and skipping the multiples of 11. */
const VALUES = characterValues();

/** By character code. */
function characterValues(): Uint8Array {
  const values = new Uint8Array(128);
  for (let digit = 0; digit <= 9; digit++) values[48 + digit] = digit;
  let value = 10;
  for (let letter = 65; letter <= 90; letter++) {
    if (value % 11 === 0) value++;
    values[letter] = value++;
  }
  return values;
}

/** Sum of value × 2^position of the first `length` characters, modulo 11, modulo 10: shared by container numbers and MRNs. */
function weighted11(text: string, length: number): string {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += VALUES[text.charCodeAt(i)]! << i;
  return String((sum % 11) % 10);
}

/** Check digit of a container number from its first ten characters (ISO 6346, section 3 and annex A). */
export function containerCheckDigit(text: string): string | undefined {
  return /^[A-Z]{4}\d{6}/.test(text) ? weighted11(text, 10) : undefined;
}

/** Check digit of a movement reference number from its first 17 characters (EU customs, year + country + 13 characters). */
export function mrnCheckDigit(text: string): string | undefined {
  return /^\d{2}[A-Z]{2}[A-Z0-9]{13}/.test(text) ? weighted11(text, 17) : undefined;
}

/** GS1 check digit of the digits before it: weights 3 and 1 from the right, complement to ten (GS1 General Specifications 7.9). */
export function gs1CheckDigit(digits: string): string | undefined {
  if (!/^\d+$/.test(digits)) return undefined;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    sum += Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 3 : 1);
  }
  return String((10 - (sum % 10)) % 10);
}

/** Check digit of an air waybill, three digits of prefix and seven of serial: the serial modulo 7 (IATA resolution 600a). */
export function awbCheckDigit(text: string): string | undefined {
  return /^\d{10}/.test(text) ? String(Number(text.slice(3, 10)) % 7) : undefined;
}

/** Check digit of an IMO ship number from its first six digits: weights 7 to 2, modulo 10 (IMO resolution A.1117(30)). */
export function imoCheckDigit(text: string): string | undefined {
  if (!/^\d{6}/.test(text)) return undefined;
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += Number(text[i]) * (7 - i);
  return String(sum % 10);
}

/** True for a shape of `X` + a real calendar date CCYYMMDD + six digits (15 CFR 30, appendix B). */
export function isItn(text: string): boolean {
  const parts = /^X(\d{4})(\d{2})(\d{2})\d{6}$/.exec(text);
  if (parts === null) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1900 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/**
 * Check digit of a UPS package number, from the fifteen characters between `1Z` and it: letters count as their place after A plus 2,
 * modulo 10; every second value twice; the complement to ten (as UPS's customers reckon it: the rule is in no published standard).
 */
export function upsCheckDigit(text: string): string | undefined {
  if (!/^1Z[A-Z0-9]{15}/.test(text)) return undefined;
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const code = text.charCodeAt(i + 2);
    const value = code < 65 ? code - 48 : (code - 63) % 10;
    sum += i % 2 === 0 ? value : 2 * value;
  }
  return String((10 - (sum % 10)) % 10);
}

/** Check digit of a postal item, two letters, eight digits, check digit, country: weights 8 6 4 2 3 5 9 7 (UPU standard S10). */
export function postalCheckDigit(text: string): string | undefined {
  const digits = /^[A-Z]{2}(\d{8})/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const sum = [8, 6, 4, 2, 3, 5, 9, 7].reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  const rest = 11 - (sum % 11);
  return rest === 10 ? '0' : rest === 11 ? '5' : String(rest);
}
