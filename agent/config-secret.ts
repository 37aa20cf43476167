import { resolve } from 'node:path';
import { inspect } from 'node:util';
import type { SecretText } from '../collectors/settings.ts';
import type { SettingsContext } from '../collectors/settings-access.ts';
import { readFields } from '../rules/yaml-reader.ts';
import type { YamlReport } from '../rules/yaml-report.ts';
import type { YamlNode } from '../rules/yaml-tree.ts';
import { readText } from '../rules/yaml-values.ts';

/** A secret's text. However it is printed (string, JSON, inspect, console), it prints `[secret]`. */
export class Secret implements SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself: only for the place that sends it. */
  reveal(): string {
    return this.#text;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}

/** How reading the configuration reaches outside; only agent/main.ts gives the real ones. */
export interface ConfigAccess {
  readonly env: (name: string) => string | undefined;
  /** Throws when the file cannot be read. */
  readonly readFile: (path: string) => string;
  /** `warning`: a secret that is not there is only warned about (a check on another machine than the agent's). */
  readonly missingSecrets?: 'error' | 'warning';
}

/** Resolves `{ file }` (relative to `directory`) and `{ env }`, and reports secrets written down in the file itself. */
export function settingsContext(
  report: YamlReport,
  directory: string,
  access: ConfigAccess,
): SettingsContext {
  const missing = access.missingSecrets ?? 'error';
  const read = (node: YamlNode, path: string, what: string): string | undefined => {
    try {
      const text = access.readFile(resolve(directory, path)).replace(/\r?\n$/, '');
      if (text !== '') return text;
      report[missing](node.place, 'missing-secret', `${what}: the file ${path} is empty`);
    } catch (e) {
      const why = (e as { code?: string }).code === 'ENOENT' ? 'there is no file' : 'cannot read the file';
      report[missing](
        node.place,
        'missing-secret',
        `${what}: ${why} ${path}`,
        'create it, or correct the path',
      );
    }
    return missing === 'warning' ? '' : undefined;
  };
  const fromEnv = (node: YamlNode, name: string, what: string): string | undefined => {
    const text = access.env(name);
    if (text !== undefined && text !== '') return text;
    report[missing](node.place, 'missing-secret', `${what}: the environment has no ${name}`, `set ${name}`);
    return missing === 'warning' ? '' : undefined;
  };
  return {
    report,
    secret(node, what) {
      if (node.kind !== 'map') {
        // The message must not repeat the characters; formatProblem masks the line (code literal-secret).
        const fix = 'write { env: NAME }, or put it in a file and write { file: path }';
        report.error(node.place, 'literal-secret', `${what}: a secret does not belong in this file`, fix);
        return undefined;
      }
      const fields = readFields(node, report, what)!;
      const file = fields.text('file', '/run/secrets/name');
      const name = fields.text('env', 'NAME');
      fields.end();
      if ((file === undefined) === (name === undefined)) {
        report.error(node.place, 'wrong-type', `${what}: expected { file: path } or { env: NAME }`);
        return undefined;
      }
      const text = file === undefined ? fromEnv(node, name!, what) : read(node, file, what);
      return text === undefined ? undefined : new Secret(text);
    },
    fileText(node, what) {
      const fields = node.kind === 'map' ? readFields(node, report, what) : undefined;
      const path =
        fields === undefined ? readText(node, report, what, '/etc/ssl/ca.pem') : fields.requiredText('file');
      fields?.end();
      return path === undefined ? undefined : read(node, path, what);
    },
  };
}
