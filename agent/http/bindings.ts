import { compileMap } from '../../collectors/maps/compile.ts';
import type { SourceBinding } from '../track/mapper.ts';
import type { HttpSettings } from './contract.ts';

/** The configured sources as the judge reads them. Their maps were checked when the agent started. */
export const bindingsOf = ({
  sources,
  timezone,
}: Pick<HttpSettings, 'sources' | 'timezone'>): ReadonlyMap<string, SourceBinding> =>
  new Map(
    sources.flatMap((source): [string, SourceBinding][] => {
      const { name, tenant, partner, zone, correlationHeader } = source;
      const { map } = compileMap(source.map.text, source.map.file);
      if (map === undefined) return [];
      const identity = { name, tenant, partner, fallbackZone: timezone, ...(zone !== undefined && { zone }) };
      return [[name, { identity, map, ...(correlationHeader !== undefined && { correlationHeader }) }]];
    }),
  );
