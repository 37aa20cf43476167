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
