import type { Problem } from '../../rules/problem.ts';
import { builtinMapText } from './builtin.ts';
import { compileMapText } from './compile-text.ts';
import type { CompiledMap } from './map.ts';

/** Compiles a map that a user wrote; `extends: builtin:…` finds the ready maps. */
export function compileMap(text: string, file: string): { map?: CompiledMap; problems: readonly Problem[] } {
  return compileMapText(text, file, builtinMapText);
}

/** A ready map, compiled. Throws for a name that is not one of BUILTIN_MAPS: callers check names in configuration. */
export function loadBuiltinMap(name: string): CompiledMap {
  const text = builtinMapText(name);
  const compiled = text === undefined ? undefined : compileMap(text, `${name}.yaml`);
  if (compiled?.map === undefined) {
    const why = compiled?.problems[0]?.message ?? `there is no ready map "${name}"`;
    throw new Error(why);
  }
  return compiled.map;
}
