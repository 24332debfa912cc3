import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import {
  accountSchema,
  applicationSchema,
  pluginsSchema,
  SECTIONS,
  sourceSchema,
  userSchema,
  vaultSchema,
  type AccountItem,
  type Section,
  type SourceItem,
} from './file-schema.ts';
import { shown, type Path } from './file-text.ts';

/** Takes one problem of the file. */
export type Report = (path: Path, message: string, hint?: string) => void;

export interface Item<T> {
  readonly path: Path;
  readonly value: T;
}

/** The items that have the right form; the others were reported. */
export interface FileItems {
  /** Platform → package or path. */
  readonly plugins: Readonly<Record<string, string>>;
  readonly accounts: readonly Item<AccountItem>[];
  readonly applications: readonly Item<z.output<typeof applicationSchema>>[];
  readonly vaults: readonly Item<z.output<typeof vaultSchema>>[];
  readonly users: readonly Item<z.output<typeof userSchema>>[];
  readonly sources: readonly Item<SourceItem>[];
  /** Texts that stand under `key` in a section, in items of whatever form: what others may refer to. */
  readonly declared: (section: Section, key: string) => readonly string[];
}

/** How a token is referred to. */
export const TOKEN_HINT =
  'name the variable that holds it, such as env:NOTION_TOKEN, or a file, such as file:/run/secrets/notion';

const HINTS: Readonly<Record<string, string>> = {
  token: TOKEN_HINT,
  alias: 'such as skyflow-artefacts',
  slug: 'such as skyflow',
  ref: 'such as { data_source: <id> } or { base: <id>, table: <id> }',
  table: 'such as notion.skyflow_artefacts; without it the alias names the table',
  rate_limit: 'such as 2.5',
  enabled: 'write true or false',
  content: 'content: markdown keeps the bodies of Notion pages',
};

/** Reads every section of a file, item by item. */
export function readItems(data: unknown, report: Report): FileItems {
  const file = asMap(data);
  const keys = ['plugins', ...SECTIONS];
  if (file === null && data !== null)
    report([], 'must be a map of sections', `write ${SECTIONS.join(', ')}`);
  for (const key of Object.keys(file ?? {})) {
    if (!keys.includes(key)) reportUnknownKey(report, [key], keys);
  }
  const raw = (section: Section) => listOf(file, section);
  for (const section of SECTIONS) {
    if (raw(section) === null)
      report([section], 'must be a list', `write "${section}:" and "- …" below it`);
  }
  const items = <T extends z.ZodObject>(section: Section, schema: T) =>
    (raw(section) ?? []).flatMap((value, i) => readItem([section, i], value, schema, report));
  return {
    plugins: readPluginNames(file?.['plugins'] ?? {}, report),
    accounts: items('accounts', accountSchema),
    applications: items('applications', applicationSchema),
    vaults: items('vaults', vaultSchema),
    users: items('users', userSchema),
    sources: items('sources', sourceSchema),
    declared: (section, key) =>
      (raw(section) ?? [])
        .map((item) => asMap(item)?.[key])
        .filter((text) => typeof text === 'string'),
  };
}

function readPluginNames(value: unknown, report: Report): Readonly<Record<string, string>> {
  const parsed = pluginsSchema.safeParse(value);
  for (const issue of parsed.error?.issues ?? []) {
    const at = ['plugins', ...issue.path.map(String)];
    // A wrong key is reported with the reasons below it.
    const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
    report(
      at,
      message ?? issue.message,
      'such as weather: ./weather.mjs, or the name of a package',
    );
  }
  return parsed.data ?? {};
}

function readItem<T extends z.ZodObject>(
  path: Path,
  value: unknown,
  schema: T,
  report: Report,
): readonly Item<z.output<T>>[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [{ path, value: parsed.data }];
  for (const issue of parsed.error.issues) {
    const at = [...path, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        reportUnknownKey(report, [...at, key], Object.keys(schema.shape));
    } else if (issue.path.length === 0) {
      report(at, 'must be a map', `with ${Object.keys(schema.shape).join(', ')}`);
    } else {
      report(at, issue.message, HINTS[String(issue.path[0])]);
    }
  }
  return [];
}

function reportUnknownKey(report: Report, path: Path, known: readonly string[]): void {
  const key = String(path.at(-1));
  report(
    path.map((part, i) => (i === path.length - 1 ? shown(String(part)).slice(1, -1) : part)),
    'is not a key that is known here',
    `${didYouMean(key, known)}known keys: ${known.join(', ')}`,
  );
}

const asMap = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;

/** A section that is missing or empty is an empty list; null when it is no list. */
function listOf(
  file: Readonly<Record<string, unknown>> | null,
  section: Section,
): readonly unknown[] | null {
  const value = file?.[section] ?? [];
  return Array.isArray(value) ? value : null;
}
