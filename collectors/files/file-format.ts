import { open } from 'node:fs/promises';
import { detectContent } from '../formats/detect.ts';
import { type FileFormat, formatOf } from './records.ts';

const HEAD_BYTES = 512;

/** The format of a file: the configured one, by its extension, else by how it begins; undefined when nothing tells. */
export async function formatOfFile(
  path: string,
  configured: 'auto' | FileFormat,
): Promise<FileFormat | undefined> {
  const said = formatOf(path, configured);
  if (said !== undefined) return said;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return detectContent(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
