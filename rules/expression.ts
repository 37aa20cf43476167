/** A condition over a shipment's attributes, compiled to a closure; linear time, no code. */
export interface Expr {
  readonly text: string;
  /** Attribute names that it reads. */
  readonly attributes: readonly string[];
  test(attributes: Readonly<Record<string, string | number | boolean>>): boolean;
}
