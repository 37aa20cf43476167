import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Server settings: UTC, half of the memory at most. Caches are kept small: it shares a laptop with the agent. */
const serverConfig = (usersFile: string): string => `<clickhouse>
  <users_config>${xml(usersFile)}</users_config>
  <timezone>UTC</timezone>
  <max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>
  <mark_cache_size>268435456</mark_cache_size>
  <max_concurrent_queries>200</max_concurrent_queries>
</clickhouse>
`;

/**
 * Two users, both on loopback only. `default` is the agent's and has no password: whoever reaches loopback on this machine as
 * this data directory's owner could read the files as well. `grafana` may read tables and nothing else: no files, no URLs, no
 * inserts, within limits that it cannot raise. `readonly` is 2 because the Grafana plugin sends settings with its queries.
 */
const usersConfig = (grafanaPassword: string): string => `<clickhouse>
  <profiles>
    <default/>
    <grafana>
      <readonly>2</readonly>
      <max_execution_time>30</max_execution_time>
      <max_memory_usage>1073741824</max_memory_usage>
      <max_result_rows>1000000</max_result_rows>
      <max_concurrent_queries_for_user>16</max_concurrent_queries_for_user>
      <constraints>
        <max_execution_time><min>1</min><max>60</max></max_execution_time>
        <max_memory_usage><min>1</min><max>1073741824</max></max_memory_usage>
        <max_concurrent_queries_for_user><readonly/></max_concurrent_queries_for_user>
      </constraints>
    </grafana>
  </profiles>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
    <grafana>
      <password_sha256_hex>${createHash('sha256').update(grafanaPassword).digest('hex')}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
      <profile>grafana</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT, SHOW, dictGet ON *.*</query>
      </grants>
    </grafana>
  </users>
  <quotas><default/></quotas>
</clickhouse>
`;

/** The password of the `grafana` user: made at the first start, kept in the data directory for its owner alone. */
async function grafanaPassword(dataDir: string): Promise<string> {
  const file = join(dataDir, 'grafana.password');
  const kept = await readFile(file, 'utf8').catch(() => '');
  if (kept.trim() !== '') return kept.trim();
  const made = randomBytes(18).toString('base64url');
  await writeFile(file, `${made}\n`, { mode: 0o600 });
  return made;
}

/** Writes the engine's configuration into the data directory. */
export async function writeClickHouseConfig(
  dataDir: string,
): Promise<{ readonly configFile: string; readonly grafanaPassword: string }> {
  await mkdir(dataDir, { recursive: true });
  const password = await grafanaPassword(dataDir);
  const usersFile = join(dataDir, 'users.xml');
  const configFile = join(dataDir, 'config.xml');
  await writeFile(usersFile, usersConfig(password), { mode: 0o600 });
  await writeFile(configFile, serverConfig(usersFile));
  return { configFile, grafanaPassword: password };
}
