import type { Via } from '../rules/channels-channel.ts';
import type { CompiledMap } from './maps/map.ts';
import type { SourceConfig } from './settings.ts';

/** How the messages of a source come. How fast people expect them to be hangs on the format more than on the way. */
export function viaOf({ kind }: SourceConfig, { format }: Pick<CompiledMap, 'format'>): Via {
  if (format === 'edifact' || format === 'x12') return 'edi';
  if (kind === 'files' || kind === 'sftp') return 'files';
  return kind === 'nats' ? 'messages' : 'api';
}
