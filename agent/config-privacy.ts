import type { CompiledMap } from '../collectors/maps/map.ts';
import type { PrivateFields } from '../collectors/privacy/privacy.ts';
import type { Problem } from '../rules/problem.ts';
import type { Config, ConfigNames } from './config.ts';

/** Which fields of which source must never be kept, by the name of the source. */
export function privateFieldsOf(
  { sources }: Pick<Config, 'sources'>,
  maps: ReadonlyMap<string, CompiledMap>,
): ReadonlyMap<string, PrivateFields> {
  const fields = new Map<string, PrivateFields>();
  for (const { name, map } of sources) {
    const own = maps.get(map)?.privacy;
    if (own !== undefined) fields.set(name, own);
  }
  return fields;
}

/**
 * A capture stream of ours would hold messages as they were published, private fields and all: plain subjects of such sources are
 * subscribed to instead, best effort, which a warning says.
 */
export function withoutCaptures(
  config: Config,
  maps: ReadonlyMap<string, CompiledMap>,
  names: ConfigNames['maps'],
  file: string,
): { readonly config: Config; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const fields = privateFieldsOf(config, maps);
  const sources = config.sources.map((source): Config['sources'][number] => {
    const captured =
      source.kind === 'nats' && source.stream === undefined && source.capture !== 'best-effort';
    if (!captured || !fields.has(source.name)) return source;
    const place = names.find(({ name }) => name === source.map)?.place ?? { line: 1, column: 1, length: 1 };
    problems.push({
      severity: 'warning',
      code: 'private-fields-not-captured',
      message: `${source.name}: its map names private fields, so no stream of ours captures its subjects, and what is published while the agent is away is lost`,
      fix: 'read a stream of the sender (stream:), or accept it with capture: best-effort',
      file,
      ...place,
    });
    return { ...source, capture: 'best-effort' };
  });
  return { config: problems.length === 0 ? config : { ...config, sources }, problems };
}
