/** Small numbers for texts that occur in every shipment: sources, partners, zones, rule names. Never forgets. */
export class TextInterner {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  constructor(texts: readonly string[] = []) {
    for (const text of texts) this.intern(text);
  }

  intern(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.length;
    this.#numbers.set(text, number);
    this.#texts.push(text);
    return number;
  }

  text(number: number): string {
    const text = this.#texts[number];
    if (text === undefined) throw new RangeError(`no text has the number ${number}; the snapshot is damaged`);
    return text;
  }

  /** In number order: what the constructor takes back. */
  dump(): readonly string[] {
    return [...this.#texts];
  }
}
