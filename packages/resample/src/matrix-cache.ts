import type { Matrix } from "./matrix.ts";

/** Keeps the matrices that were asked for last, up to a number of values; larger ones are not kept at all. */
export class MatrixCache {
  readonly #limit: number;
  readonly #kept = new Map<string, Matrix>(); // from the one asked for longest ago to the latest
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The matrix of a key, made when it is not there. */
  get(key: string, make: () => Matrix): Matrix {
    const matrix = this.#kept.get(key) ?? make();
    this.#remove(key);
    if (matrix.values.length > this.#limit) return matrix;
    this.#kept.set(key, matrix);
    this.#size += matrix.values.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#size <= this.#limit) break;
      this.#remove(oldest);
    }
    return matrix;
  }

  #remove(key: string): void {
    this.#size -= this.#kept.get(key)?.values.length ?? 0;
    this.#kept.delete(key);
  }
}
