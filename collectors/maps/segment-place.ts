import type { Value } from '../formats/format.ts';
import type { Rejection } from './map.ts';
import { compilePath } from './path.ts';
import type { Speech, TextOf } from './scope.ts';

const at = (path: string): TextOf => {
  const compiled = compilePath(path);
  if ('wrong' in compiled) throw new Error(compiled.wrong);
  return (scope) => compiled.first(scope);
};

/** What every message of an interchange says of itself, so that no map has to. */
export const SEGMENT_ID: TextOf = at('message.id');
export const SEGMENT_SPEECH: Pick<Speech, 'message' | 'release'> = {
  message: at('message.type'),
  release: at('message.release'),
};

/** Adds where in the interchange a rejected message begins. */
export function withPlace(rejection: Rejection, record: Value): Rejection {
  const message = (record as { readonly message?: { readonly [name: string]: Value } } | null)?.message;
  if (typeof message?.segment !== 'number') return rejection;
  const name = `${message.type ?? ''} ${message.ref ?? ''}`.trim();
  const reason = `${rejection.reason} (message ${name}, from segment ${message.segment} at byte ${message.byte})`;
  return { ...rejection, reason };
}
