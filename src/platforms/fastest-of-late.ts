/**
 * How fast something can be, by how long it took of late. What is known grows by a factor with each that is slower, so
 * that a lucky one is forgotten.
 */
export class FastestOfLate {
  readonly #forgottenBy: number;
  #ms: number | undefined;

  constructor(forgottenBy: number) {
    this.#forgottenBy = forgottenBy;
  }

  /** Undefined before the first. */
  get ms(): number | undefined {
    return this.#ms;
  }

  /** One more that took so many ms. Returns what is known with it. */
  add(took: number): number {
    this.#ms = Math.min(took, (this.#ms ?? Infinity) * this.#forgottenBy);
    return this.#ms;
  }
}
