import { awbCheckDigit, containerCheckDigit, mrnCheckDigit } from '../../rules/check-digits.ts';
import type { EpochMs } from '../../rules/time.ts';
import type { Chance } from './random.ts';

/** A container number with a right check digit, of a prefix that no real owner has. */
export function containerNumber(chance: Chance): string {
  const text = `${chance.pick(['LTQU', 'LTZU', 'LTXU'])}${chance.digits(6)}`;
  return text + containerCheckDigit(text);
}

/** An air waybill under a fictional prefix. */
export function airWaybill(chance: Chance): string {
  const text = `998${chance.digits(7)}`;
  return text + awbCheckDigit(text);
}

/** A UK movement reference number. */
export function movementReference(chance: Chance, at: EpochMs): string {
  const year = String(new Date(at).getUTCFullYear()).slice(2);
  const text = `${year}GB${chance.letters(5)}${chance.digits(4)}${chance.letters(4)}`;
  return text + mrnCheckDigit(text);
}

/** A US entry number: filer code, seven digits, a check digit (not computed here). */
export const entryNumber = (chance: Chance): string => `LT7-${chance.digits(7)}-${chance.digits(1)}`;
