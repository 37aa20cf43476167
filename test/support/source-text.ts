/**
 * TypeScript with comments and the insides of plain strings blanked, so that patterns see code alone. Lines keep their numbers. Good
 * enough for a tidy test: templates keep their text, and a regular expression that holds a quote may hide the rest of its line.
 */
export function withoutText(text: string): string {
  const parts =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/(?![*/\s])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*(?=\s*[.,;)\]])/g;
  return text.replace(parts, (part) => {
    if (part.startsWith("'") || part.startsWith('"')) return `${part[0]}${part[0]}`;
    return part.replace(/[^\n]/g, '');
  });
}

/** Where functions begin (1-based line) and how many lines they have, for functions that biome has formatted. */
export function functionLengths(code: string): { readonly line: number; readonly lines: number }[] {
  const lines = code.split('\n');
  const out: { line: number; lines: number }[] = [];
  for (const [index, line] of lines.entries()) {
    const indent = /^ */.exec(line)![0];
    const begins =
      /^ *(export )?(async )?function\b/.test(line) ||
      /^ *(export )?const \w+.*= (async )?(\([^)]*\)|\w+)?.*=> \{$/.test(line) ||
      /^ {2}(static |override |async |get |set |\*)*#?\w+(<[^>]*>)?\((.*\{)?$/.test(line);
    if (!begins) continue;
    const end = lines.findIndex(
      (other, at) =>
        at >= index &&
        other.startsWith(`${indent}}`) &&
        !other.startsWith(`${indent}}:`) &&
        !/^ *\}\) *:/.test(other) &&
        !/^ *\}.*\{$/.test(other),
    );
    const opens = lines.slice(index, end < 0 ? index : end + 1).some((other) => other.endsWith('{'));
    if (end >= 0 && opens) out.push({ line: index + 1, lines: end - index + 1 });
  }
  return out;
}
