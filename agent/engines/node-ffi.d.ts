/** The part of Node's experimental `node:ffi` that loads the engine; its own types are not published yet. */
declare module 'node:ffi' {
  interface Signature {
    readonly arguments: readonly string[];
    readonly return: string;
  }
  /** Loads a shared library and binds the named functions. Pointers are bigints. */
  export function dlopen(
    path: string,
    signatures: Readonly<Record<string, Signature>>,
  ): { readonly functions: Readonly<Record<string, (...args: readonly (number | bigint)[]) => bigint>> };
  /** Address of a buffer's bytes; the caller keeps the buffer alive as long as the address is used. */
  export function getRawPointer(buffer: Uint8Array): bigint;
}
