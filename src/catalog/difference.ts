import type { CurrentCatalog } from './current.ts';
import type { CatalogFile, CatalogSource } from './file.ts';

export interface FieldChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string | null;
}
export interface ChangedItem {
  /** Name, slug, id or alias. */
  readonly key: string;
  readonly fields: readonly FieldChange[];
}
/** What applying a file does to one part of the catalog; keys in the file's order. */
export interface PartDifference {
  readonly added: readonly string[];
  readonly changed: readonly ChangedItem[];
  readonly unchanged: readonly string[];
  /** Left the file and are used by no source: removed. Never sources. */
  readonly removed: readonly string[];
}
export interface SourcesDifference extends PartDifference {
  /** Left the file and are disabled by `prune`. */
  readonly disabled: readonly string[];
  /** Left the file and stay as they are. */
  readonly left: readonly string[];
  /** Read from elsewhere from now on: what is known of former scans no longer holds. */
  readonly restarted: readonly string[];
}
export interface CatalogDifference {
  readonly accounts: PartDifference;
  readonly applications: PartDifference;
  readonly vaults: PartDifference;
  readonly users: PartDifference;
  readonly sources: SourcesDifference;
}

type Fields = Readonly<Record<string, string | null>>;
interface Keyed {
  readonly key: string;
  readonly fields: Fields;
}

/** What applying the file to the catalog does. */
export function compareCatalogs(
  current: CurrentCatalog,
  file: CatalogFile,
  prune: boolean,
): CatalogDifference {
  const named = new Set(file.sources.map((source) => source.alias));
  const gone = current.sources.filter((source) => !named.has(source.alias));
  // Sources of a plug-in that cannot be loaded are in the file, only not readable.
  const unread = new Set(file.unavailable.map(({ platform }) => platform));
  const left = gone.filter(({ platform }) => !unread.has(platform));
  const enabled = left.filter((source) => source.enabled).map((source) => source.alias);
  const used = (key: 'account' | 'app' | 'vault' | 'user') =>
    new Set(gone.map((source) => source[key]));
  const parts = (catalog: CurrentCatalog | CatalogFile) => ({
    accounts: catalog.accounts.map(({ name, rate_limit, ...rest }) => ({
      key: name,
      fields: { ...rest, rate_limit: rate_limit === null ? null : String(rate_limit) },
    })),
    applications: catalog.applications.map(({ slug, name }) => ({ key: slug, fields: { name } })),
    vaults: catalog.vaults.map(({ id, name }) => ({ key: id, fields: { name } })),
    users: catalog.users.map(({ id, username }) => ({ key: id, fields: { username } })),
    sources: catalog.sources.map((source) => ({ key: source.alias, fields: sourceFields(source) })),
  });
  const [before, after] = [parts(current), parts(file)];
  return {
    accounts: compare(before.accounts, after.accounts, used('account')),
    applications: compare(before.applications, after.applications, used('app')),
    vaults: compare(before.vaults, after.vaults, used('vault')),
    users: compare(before.users, after.users, used('user')),
    sources: {
      ...compare(before.sources, after.sources, new Set(gone.map((source) => source.alias))),
      disabled: prune ? enabled : [],
      left: prune ? [] : enabled,
      restarted: restartedSources(current, file),
    },
  };
}

function compare(
  before: readonly Keyed[],
  after: readonly Keyed[],
  used: ReadonlySet<string | null>,
): PartDifference {
  const known = new Map(before.map((item) => [item.key, item.fields]));
  const wanted = new Set(after.map((item) => item.key));
  const changed = after.flatMap(({ key, fields }) => {
    const changes = changesOf(known.get(key) ?? fields, fields);
    return changes.length === 0 ? [] : [{ key, fields: changes }];
  });
  const isChanged = new Set(changed.map((item) => item.key));
  return {
    added: after.filter(({ key }) => !known.has(key)).map(({ key }) => key),
    changed,
    unchanged: after
      .filter(({ key }) => known.has(key) && !isChanged.has(key))
      .map(({ key }) => key),
    removed: before.filter(({ key }) => !wanted.has(key) && !used.has(key)).map(({ key }) => key),
  };
}

function changesOf(before: Fields, after: Fields): readonly FieldChange[] {
  return Object.keys(after).flatMap((field) => {
    const [from, to] = [before[field] ?? null, after[field] ?? null];
    return from === to ? [] : [{ field, from, to }];
  });
}

function sourceFields(source: CatalogSource): Fields {
  return {
    account: source.account,
    ref: refText(source),
    app: source.app,
    component: source.component,
    vault: source.vault,
    user: source.user,
    every: source.every,
    cron: source.cron,
    full_every: source.full_every,
    enabled: String(source.enabled),
    table: `${source.table_schema}.${source.table_name}`,
    content: source.content,
  };
}

// Postgres keeps a jsonb's keys in an order of its own.
const refText = (source: CatalogSource) =>
  JSON.stringify(
    Object.fromEntries(Object.entries(source.ref).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );

/** Another reference or account shows other records: neither watermark nor certificate say anything of them. */
function restartedSources(current: CurrentCatalog, file: CatalogFile): readonly string[] {
  const place = (source: CatalogSource) =>
    `${source.account} ${source.external_id} ${refText(source)}`;
  const before = new Map(current.sources.map((source) => [source.alias, place(source)]));
  return file.sources
    .filter((source) => before.has(source.alias) && before.get(source.alias) !== place(source))
    .map((source) => source.alias);
}

const PARTS = {
  accounts: 'account',
  applications: 'application',
  vaults: 'vault',
  users: 'user',
  sources: 'source',
} as const;
const PART_NAMES = Object.keys(PARTS) as readonly (keyof typeof PARTS)[];

/** True when applying changes nothing; sources that left the file and stay do not count. */
export function isUnchanged(difference: CatalogDifference): boolean {
  const parts = PART_NAMES.map((part) => difference[part]);
  const counts = parts.map((part) => part.added.length + part.changed.length + part.removed.length);
  return counts.every((count) => count === 0) && difference.sources.disabled.length === 0;
}

/** The difference for people, a line for each item that is not unchanged: `+ source a`, `~ source b: every 1h → 2h`. */
export function differenceLines(difference: CatalogDifference): readonly string[] {
  const lines = PART_NAMES.flatMap((name) => {
    const part = difference[name];
    return [
      ...part.added.map((key) => `+ ${PARTS[name]} ${key}`),
      ...part.changed.map(
        ({ key, fields }) => `~ ${PARTS[name]} ${key}: ${fields.map(changeText).join(', ')}`,
      ),
      ...part.removed.map((key) => `- ${PARTS[name]} ${key}`),
    ];
  });
  const { restarted, disabled, left } = difference.sources;
  return [
    ...lines,
    ...restarted.map(
      (alias) => `! source ${alias} is read from elsewhere now: its next sync reads every record`,
    ),
    ...disabled.map((alias) => `- source ${alias} is not in the file: disabled`),
    ...left.map(
      (alias) => `· source ${alias} is not in the file: stays as it is (--prune disables it)`,
    ),
  ];
}

const changeText = ({ field, from, to }: FieldChange) =>
  `${field} ${from ?? 'none'} → ${to ?? 'none'}`;
