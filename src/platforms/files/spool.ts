import { createHash } from 'node:crypto';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { SyncFailure } from '../../errors.ts';
import { errorCode } from './failures.ts';
import type { Survey } from './survey.ts';

/** A source made ready: all that reading it needs is in `folder`, or in files of its own that did not change. */
export interface Prepared {
  readonly folder: string;
  readonly version: string;
  readonly survey: Survey;
}

/** Fills a folder with what reading a source needs. */
type Fill = (folder: string) => Promise<{ readonly version: string; readonly survey: Survey }>;

const SURVEY = 'survey.json';
const DAY_MS = 86_400_000;

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 24);

/**
 * What was made of sources so that they can be read from any byte, in a folder of its own for each source and
 * version. Only a cache: whatever is missing is made again, by any process. A folder appears with all that is in it,
 * is readable by nobody else, and goes when the source has another version or after a day without use.
 */
export class Spool {
  readonly #root: string;
  readonly #now: () => number;
  readonly #making = new Map<string, Promise<Prepared>>();

  constructor(root: string, now: () => number) {
    this.#root = root;
    this.#now = now;
  }

  #folder(source: string, version: string): string {
    return join(this.#root, `${digest(source)}-${digest(version)}`);
  }

  /** Null when there is none. */
  async find(source: string, version: string): Promise<Prepared | null> {
    const folder = this.#folder(source, version);
    try {
      await this.#own();
      const survey = JSON.parse(await readFile(join(folder, SURVEY), 'utf8')) as Survey;
      const now = new Date(this.#now());
      await utimes(folder, now, now);
      return { folder, version, survey: inFolder(survey, folder) };
    } catch (thrown) {
      if (thrown instanceof SyncFailure) throw thrown;
      return null;
    }
  }

  /**
   * Makes a source ready: `fill` writes into a folder and tells version and survey. An attempt that took too long is
   * still at it when the next one begins, and is then joined instead of doubled: so a file of any size gets done.
   */
  make(source: string, seen: string, fill: Fill): Promise<Prepared> {
    const name = `${source} ${seen}`;
    const making =
      this.#making.get(name) ??
      this.#makeOnce(source, fill).finally(() => void this.#making.delete(name));
    this.#making.set(name, making);
    return making;
  }

  async #makeOnce(source: string, fill: Fill): Promise<Prepared> {
    await this.#own();
    await this.#removeOld();
    const draft = await mkdtemp(join(this.#root, 'draft-'));
    try {
      const { version, survey } = await fill(draft);
      const folder = this.#folder(source, version);
      const text = JSON.stringify(withinFolder(survey, draft));
      await writeFile(join(draft, SURVEY), text, { mode: 0o600 });
      await this.#removeOthers(source, folder);
      await rename(draft, folder).catch((thrown: unknown) => {
        // Another process was faster; what it made is the same.
        if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(thrown))) throw thrown;
      });
      return { folder, version, survey: inFolder(JSON.parse(text) as Survey, folder) };
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  async #removeOthers(source: string, folder: string): Promise<void> {
    for (const name of await readdir(this.#root)) {
      const path = join(this.#root, name);
      if (!name.startsWith(`${digest(source)}-`) || path === folder) continue;
      await rm(path, { recursive: true, force: true });
    }
  }

  async #removeOld(): Promise<void> {
    for (const name of await readdir(this.#root)) {
      const path = join(this.#root, name);
      const found = await lstat(path).catch(() => null);
      if (found === null || found.mtimeMs > this.#now() - DAY_MS) continue;
      await rm(path, { recursive: true, force: true });
    }
  }

  /** In a directory for all, somebody else may have made one of this name first. */
  async #own(): Promise<void> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    const found = await lstat(this.#root);
    const isOurs = process.getuid === undefined || found.uid === process.getuid();
    if (found.isDirectory() && isOurs && (found.mode & 0o077) === 0) return;
    throw new SyncFailure('Misconfigured', `${this.#root} is not a folder of this user alone`, {
      hint: 'remove it, or set TMPDIR to another folder for the worker',
    });
  }
}

/** Paths of files in the folder become relative, as it is about to move. */
const withinFolder = (survey: Survey, folder: string): Survey =>
  withPaths(survey, (path) =>
    path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path,
  );

const inFolder = (survey: Survey, folder: string): Survey =>
  withPaths(survey, (path) => (isAbsolute(path) ? path : join(folder, path)));

const withPaths = (survey: Survey, change: (path: string) => string): Survey => ({
  ...survey,
  files: survey.files.map((file) => ({ ...file, path: change(file.path) })),
});
