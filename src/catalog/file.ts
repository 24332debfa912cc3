import { rename, rm, writeFile } from 'node:fs/promises';
import { AppsyncError, configurationError, EXIT } from '../errors.ts';
import type { ContentFormat } from '../contract/content.ts';
import type { Platform, SourceRef } from '../platforms/platform.ts';
import type { PluginEntry } from '../platforms/plugins.ts';
import { checkCatalog } from './check-catalog.ts';
import type { Report } from './file-items.ts';
import { keyName, withoutTokens, type Problem } from './file-text.ts';
import { parseFileText } from './yaml-text.ts';

export interface CatalogAccount {
  readonly name: string;
  readonly platform: string;
  /** `env:NAME`, `file:PATH` or `none`, never the token itself. */
  readonly token: string;
  readonly plan: string | null;
  readonly rate_limit: number | null;
}
export interface CatalogApplication {
  readonly slug: string;
  readonly name: string;
}
export interface CatalogVault {
  readonly id: string;
  readonly name: string;
}
export interface CatalogUser {
  readonly id: string;
  readonly username: string;
}
export interface CatalogSource {
  readonly alias: string;
  readonly account: string;
  readonly platform: string;
  readonly ref: SourceRef;
  readonly external_id: string;
  /** Slug of its application. */
  readonly app: string | null;
  readonly component: string | null;
  /** Id of its vault. */
  readonly vault: string | null;
  /** Id of its user. */
  readonly user: string | null;
  readonly every: string | null;
  readonly every_seconds: number | null;
  readonly cron: string | null;
  /** How old the last full scan may get; null: by size. */
  readonly full_every: string | null;
  readonly full_every_seconds: number | null;
  readonly enabled: boolean;
  readonly table_schema: string;
  readonly table_name: string;
  /** The format in which records' content is kept. */
  readonly content: ContentFormat | null;
}

/** A catalog file that was read and found to be right. */
export interface CatalogFile {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
  readonly content_hash: string;
  readonly plugins: readonly PluginEntry[];
  /** Platforms of plug-ins that cannot be loaded here: their sources are not among `sources`. */
  readonly unavailable: readonly { readonly platform: string; readonly reason: string }[];
  readonly accounts: readonly CatalogAccount[];
  readonly applications: readonly CatalogApplication[];
  readonly vaults: readonly CatalogVault[];
  readonly users: readonly CatalogUser[];
  readonly sources: readonly CatalogSource[];
}

/** As much of a platform as the catalog needs; `Platforms` of the registry fits. */
export type CatalogPlatform = Pick<
  Platform,
  | 'name'
  | 'plans'
  | 'credentials'
  | 'parseRef'
  | 'externalId'
  | 'contentFormats'
  | 'listings'
  | 'unavailable'
>;
export type CatalogPlatforms = ReadonlyMap<string, CatalogPlatform>;
/** Anything that has the platforms' names as keys; `Platforms` fits. */
export type PlatformNames = ReadonlyMap<string, unknown>;

/** What a file is checked against. */
export interface CatalogRules {
  readonly platforms: CatalogPlatforms;
  /** Names of commands and shortcuts: no alias may be one of them. `all` and the `sync-<platform>`s are added. */
  readonly reserved: readonly string[];
  /** Platforms that no plug-in may replace. */
  readonly built_in?: readonly string[];
}

/** Checks a catalog; throws a configuration error with every problem, each with file, line, key and hint. */
export const parseCatalog = (content: string, path: string, rules: CatalogRules): CatalogFile =>
  parseCatalogText(content, path, rules).file;

/** As `parseCatalog`, with what the YAML says. */
export function parseCatalogText(
  content: string,
  path: string,
  rules: CatalogRules,
): { readonly file: CatalogFile; readonly data: unknown } {
  const text = parseFileText(content);
  const problems: Problem[] = [...text.problems];
  const report: Report = (at, message, hint = 'compare with appsync.example.yaml') => {
    problems.push({ path: at, line: text.lineOf(at), message, hint });
  };
  const file = checkCatalog({ content, data: text.data }, path, rules, report);
  if (problems.length > 0) throw problemsError(path, problems);
  return { file, data: text.data };
}

function problemsError(path: string, problems: readonly Problem[]): AppsyncError {
  const lines = problems
    .toSorted((a, b) => a.line - b.line)
    .map(({ path: at, line, message, hint }) => ({
      what: `${path}:${line}: ${withoutTokens(`${keyName(at)} ${message}`.trim())}`,
      hint,
    }));
  const [only] = lines;
  if (only !== undefined && lines.length === 1) return configurationError(only.what, only.hint);
  return new AppsyncError(EXIT.credentials, `${path} has ${lines.length} mistakes`, {
    reason: lines.map(({ what, hint }) => `${what} (${hint})`).join('\n'),
    hint: 'correct them, then run: appsync sources apply',
  });
}

/** Replaces the file at once, so that nobody reads half of it. */
export async function writeCatalogFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw configurationError(`cannot write ${path}`, 'make its folder writable', error);
  }
}
