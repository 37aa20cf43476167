/** Something wrong in a file that a person wrote, with its place and the way out. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Stable kebab-case name of the check, for documentation and suppression. */
  readonly code: string;
  readonly message: string;
  /** What to write instead. */
  readonly fix?: string;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  /** Number of characters to underline. */
  readonly length: number;
}

/** Reading order: by file, then place, then errors before warnings. */
export function compareProblems(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  if (a.line !== b.line) return a.line - b.line;
  if (a.column !== b.column) return a.column - b.column;
  return a.severity === b.severity ? 0 : a.severity === 'error' ? -1 : 1;
}

/**
 * A problem as a person reads it; `sourceText` is the text of `problem.file`, absent when it cannot be read.
 *
 *     rules/eu.yaml:4:13: error: "customs.relesed" is not a milestone (unknown-milestone)
 *       4 |     to: customs.relesed
 *         |         ^^^^^^^^^^^^^^^
 *       fix: write customs.released
 */
export function formatProblem(problem: Problem, sourceText?: string): string {
  const { file, line, column, severity, message, code } = problem;
  const out = [`${file}:${line}:${column}: ${severity}: ${message} (${code})`];
  const written = sourceText === undefined ? undefined : lineOf(sourceText, line);
  const text =
    written !== undefined && code === 'literal-secret' ? mask(written, column, problem.length) : written;
  if (text !== undefined && text !== '') {
    const number = String(line);
    const before = text.slice(0, column - 1);
    // A tab in the user's line must stay a tab under it, or the marks stand elsewhere.
    const indent = before.replace(/[^\t]/g, ' ');
    const marks = '^'.repeat(Math.max(1, Math.min(problem.length, text.length - column + 1)));
    out.push(`  ${number} | ${text}`, `  ${' '.repeat(number.length)} | ${indent}${marks}`);
  }
  if (problem.fix !== undefined) out.push(`  fix: ${problem.fix}`);
  return out.join('\n');
}

const mask = (line: string, column: number, length: number): string =>
  line.slice(0, column - 1) + '*'.repeat(length) + line.slice(column - 1 + length);

/** Keys whose values are secrets, where a broken file hides from the parser what it holds. */
const SECRET_VALUE =
  /\b(password|token|\w*secret|nkey|bearer|credentials)(["']?\s*:\s*)(?![\s{#])([^,}\n]+)/gi;

/** A file's text with every secret that was written down in it covered, so that its lines may be shown. Places stay. */
export function coverSecrets(text: string, problems: readonly Problem[]): string {
  const lines = text.split('\n');
  for (const { code, line, column, length } of problems) {
    const written = lines[line - 1];
    if (code === 'literal-secret' && written !== undefined) lines[line - 1] = mask(written, column, length);
  }
  return lines
    .join('\n')
    .replace(
      SECRET_VALUE,
      (_, key: string, colon: string, value: string) => key + colon + '*'.repeat(value.length),
    );
}

function lineOf(text: string, line: number): string | undefined {
  let start = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf('\n', start);
    if (end < 0) return undefined;
    start = end + 1;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

/**
 * The candidate that a person most likely meant by `word`: smallest edit distance (a swap of neighbours counts one),
 * case aside, and at most a third of the word's length. Ties go to the earlier candidate.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  // A pasted page is no misspelt word; the distance is quadratic.
  if (word.length === 0 || word.length > 64) return undefined;
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(word.length, Math.max(1, Math.floor(word.length / 3)) + 1);
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const d = editDistance(wanted, candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** Optimal string alignment distance (Damerau-Levenshtein without edits inside a swap). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let d = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        d = Math.min(d, beforeLast[j - 2]! + 1);
      }
      row.push(d);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
