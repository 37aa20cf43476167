import type { YamlNode } from '../rules/yaml-tree.ts';
import { readText } from '../rules/yaml-values.ts';
import type { ListenAddress } from './settings.ts';
import type { SettingsContext } from './settings-access.ts';

/** `127.0.0.1:8080`, `[::1]:8080`, `:8080` (every address), or only a port (loopback). */
export function readListen(node: YamlNode, context: SettingsContext): ListenAddress | undefined {
  const text = readText(node, context.report, 'listen', '127.0.0.1:8080');
  if (text === undefined) return undefined;
  const m = /^(?:(?<host>\[[0-9a-fA-F:.]+\]|[\w.-]*):)?(?<port>\d{1,5})$/.exec(text);
  const port = Number(m?.groups?.port);
  if (m === null || port > 65535) {
    const fix = 'write host:port, such as 127.0.0.1:8080';
    context.report.error(node.place, 'bad-address', `listen: "${text}" is no address`, fix);
    return undefined;
  }
  const host = m.groups?.host?.replace(/^\[|\]$/g, '');
  return { host: host === undefined ? '127.0.0.1' : host === '' ? '::' : host, port };
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
