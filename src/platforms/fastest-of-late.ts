/**
 * How fast something can be, by how long it took of late. What is known grows by a factor with each that is slower, so
 * that a lucky one is forgotten.
 */
export class FastestOfLate {
  readonly #forgottenBy: number;
  #ms = Infinity;

  constructor(forgottenBy: number) {
    this.#forgottenBy = forgottenBy;
  }

  /** 0 before the first. */
  get ms(): number {
    return this.#ms === Infinity ? 0 : this.#ms;
  }

  /** One more that took so many ms. */
  add(took: number): void {
    this.#ms = Math.min(took, this.#ms * this.#forgottenBy);
  }
}
