import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { CompiledMap } from '../collectors/maps/map.ts';
import type { PrivateFields } from '../collectors/privacy/privacy.ts';
import type { Problem } from '../rules/problem.ts';
import type { Config } from './config.ts';
import type { ConfigFile } from './config-file.ts';
import { privateFieldsOf, withoutCaptures } from './config-privacy.ts';

/** What an agent at the edge must know of maps. */
export interface Edge {
  readonly config: Config | undefined;
  readonly privateFields: ReadonlyMap<string, PrivateFields>;
  readonly problems: readonly Problem[];
}

/**
 * An agent that only collects reads no maps, unless they name private fields: these must not enter the log. So a map that lies beside it
 * is looked into, and compiled when it speaks of privacy; of one that does not a warning tells that nobody knows here.
 */
export async function edgeOf({ config, file, names }: ConfigFile, cwd: string): Promise<Edge> {
  const problems: Problem[] = [];
  const maps = new Map<string, CompiledMap>();
  for (const { name, place } of names.maps) {
    if (name.startsWith('builtin:') || maps.has(name)) continue;
    const path = resolve(dirname(resolve(cwd, file)), name);
    if (!existsSync(path)) {
      problems.push({
        severity: 'warning',
        code: 'private-fields-unknown',
        message: `there is no file ${name} here: should it name private fields, they would enter the log`,
        fix: 'put the map beside this configuration',
        file,
        ...place,
      });
      continue;
    }
    const text = readFileSync(path, 'utf8');
    if (!/^privacy:/m.test(text)) continue;
    const { compileMap } = await import('../collectors/maps/compile.ts');
    const compiled = compileMap(text, name);
    problems.push(...compiled.problems);
    if (compiled.map !== undefined) maps.set(name, compiled.map);
  }
  if (config === undefined) return { config, privateFields: new Map(), problems };
  const kept = withoutCaptures(config, maps, names.maps, file);
  return {
    config: kept.config,
    privateFields: privateFieldsOf(kept.config, maps),
    problems: [...problems, ...kept.problems],
  };
}
