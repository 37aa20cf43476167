import { detectContent } from '../formats/detect.ts';
import { gather } from './drop-folder.ts';
import { type FileFormat, formatOf } from './records.ts';

const HEAD_BYTES = 512;

/** The format of a file: the configured one, by its extension, else by how it begins; undefined when nothing tells. */
export async function formatOfFile(
  name: string,
  configured: 'auto' | FileFormat,
  readHead: (bytes: number) => AsyncIterable<Uint8Array>,
): Promise<FileFormat | undefined> {
  return formatOf(name, configured) ?? detectContent(await gather(readHead(HEAD_BYTES)));
}
