import { open, rm, type FileHandle } from 'node:fs/promises';

const DIGEST_BYTES = 8;
const COUNT_BYTES = 4;
/** Digests that are held at once: 16 MB. */
const HELD = 2_000_000;
const CHUNK = 65_536;

/** Collects the digests of all rows of a source, in their order, in a file. */
export class DigestFile {
  readonly #file: FileHandle;
  readonly #path: string;
  #chunk = new BigUint64Array(CHUNK);
  #filled = 0;
  #rows = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async create(path: string): Promise<DigestFile> {
    return new DigestFile(await open(path, 'w+', 0o600), path);
  }

  async add(digest: bigint): Promise<void> {
    this.#chunk[this.#filled] = digest;
    this.#filled += 1;
    this.#rows += 1;
    if (this.#filled === CHUNK) await this.#flush();
  }

  async #flush(): Promise<void> {
    await this.#file.write(new Uint8Array(this.#chunk.buffer, 0, this.#filled * DIGEST_BYTES));
    this.#chunk = new BigUint64Array(CHUNK);
    this.#filled = 0;
  }

  /**
   * Writes for every row the number of rows before it that are alike, as far as there are such rows; returns how
   * many rows have some. As many digests as are `held` are looked at together, those of the same remainder.
   */
  async count(path: string, held = HELD): Promise<number> {
    await this.#flush();
    const parts = BigInt(Math.max(1, Math.ceil(this.#rows / held)));
    let repeated = 0;
    const counts = await open(path, 'w', 0o600);
    try {
      for (let part = 0n; part < parts; part += 1n) {
        const belongs = (digest: bigint) => digest !== 0n && (digest >> 1n) % parts === part;
        const several = await this.#several(belongs);
        if (several.size > 0) repeated += await this.#number(several, belongs, counts);
      }
    } finally {
      await counts.close();
    }
    return repeated;
  }

  /** The digests that more than one row has. */
  async #several(belongs: (digest: bigint) => boolean): Promise<Map<bigint, number>> {
    const held: BigUint64Array[] = [];
    for await (const { digests } of this.#chunks()) held.push(digests.filter(belongs));
    const sorted = new BigUint64Array(held.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const digests of held) {
      sorted.set(digests, at);
      at += digests.length;
    }
    sorted.sort();
    const several = new Map<bigint, number>();
    for (let i = 1; i < sorted.length; i += 1) {
      if (sorted[i] === sorted[i - 1]) several.set(sorted[i] as bigint, 0);
    }
    return several;
  }

  async #number(
    seen: Map<bigint, number>,
    belongs: (digest: bigint) => boolean,
    counts: FileHandle,
  ): Promise<number> {
    let repeated = 0;
    for await (const { digests, first } of this.#chunks()) {
      for (const [i, digest] of digests.entries()) {
        if (!belongs(digest)) continue;
        const earlier = seen.get(digest);
        if (earlier === undefined) continue;
        seen.set(digest, earlier + 1);
        if (earlier === 0) continue;
        repeated += 1;
        await counts.write(Uint32Array.of(earlier), 0, COUNT_BYTES, (first + i) * COUNT_BYTES);
      }
    }
    return repeated;
  }

  async *#chunks(): AsyncGenerator<{ readonly digests: BigUint64Array; readonly first: number }> {
    for (let first = 0; first < this.#rows; first += CHUNK) {
      const digests = new BigUint64Array(Math.min(CHUNK, this.#rows - first));
      await this.#file.read(new Uint8Array(digests.buffer), 0, null, first * DIGEST_BYTES);
      yield { digests, first };
    }
  }

  async remove(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }
}

/** How many rows before each of these are alike. */
export async function readOccurrences(
  path: string,
  first: number,
  rows: number,
): Promise<Uint32Array> {
  const counts = new Uint32Array(rows);
  const file = await open(path, 'r');
  try {
    // Behind the last repeated row the file ends: what cannot be read stays 0.
    await file.read(new Uint8Array(counts.buffer), 0, null, first * COUNT_BYTES);
  } finally {
    await file.close();
  }
  return counts;
}
