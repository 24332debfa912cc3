import { reasonOf } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';
import { checkCron, parseDuration } from './due.ts';
import type { SourceRef } from '../platforms/platform.ts';
import type { PlacedRules } from './file-checks.ts';
import type { FileItems, Item, Report } from './file-items.ts';
import type { AccountItem, SourceItem } from './file-schema.ts';
import { shown } from './file-text.ts';
import type {
  CatalogApplication,
  CatalogPlatform,
  CatalogSource,
  CatalogUser,
  CatalogVault,
} from './file.ts';
import { defaultTable } from './slug.ts';

/** What sources may refer to. */
export interface Declared {
  readonly accounts: readonly AccountItem[];
  readonly applications: readonly CatalogApplication[];
  readonly vaults: readonly CatalogVault[];
  readonly users: readonly CatalogUser[];
}

/** What sources are checked against; the words that are reserved with what they mean. */
export interface SourceRules {
  readonly rules: PlacedRules;
  readonly reserved: ReadonlyMap<string, string>;
}

/** Takes one problem at a key of the source. */
type ReportKey = (key: string, message: string, hint?: string) => void;

/** The source with everything it refers to looked up; none when its platform or place is not known. */
export function checkSource(
  { path, value: source }: Item<SourceItem>,
  items: FileItems,
  declared: Declared,
  { rules, reserved }: SourceRules,
  reportPath: Report,
): readonly CatalogSource[] {
  const report: ReportKey = (key, message, hint) =>
    reportPath([...path, ...key.split('.')], message, hint);
  const meaning = reserved.get(source.alias);
  if (meaning !== undefined) {
    const hint = `choose another, such as ${source.alias}-source`;
    report('alias', `${shown(source.alias)} is ${meaning}`, hint);
  }
  const references = checkReferences(source, items, declared, report);
  const schedule = checkSchedule(source, report);
  const platform = rules.platforms.get(references.account?.platform ?? '');
  // Its own references cannot be read: the source stays as it was applied last.
  if (platform === undefined || platform.unavailable !== undefined) return [];
  const place = checkRef(source, platform, rules.folder, report);
  if (place === undefined) return [];
  checkContent(source, platform, place.ref, report);
  const table = source.table ?? `${platform.name}.${defaultTable(source.alias)}`;
  const [table_schema = '', table_name = ''] = table.split('.');
  return [
    {
      alias: source.alias,
      account: source.account,
      platform: platform.name,
      ...place,
      app: references.app?.slug ?? null,
      component: source.component,
      vault: references.vault?.id ?? null,
      user: references.user?.id ?? null,
      ...schedule,
      enabled: source.enabled !== 'false',
      table_schema,
      table_name,
      content: source.content,
    },
  ];
}

function checkReferences(
  source: SourceItem,
  items: FileItems,
  declared: Declared,
  report: ReportKey,
) {
  /** Reports a word that no item has; an item that is itself wrong was reported already. */
  const find = <T extends object>(
    key: 'account' | 'app' | 'vault' | 'user',
    section: keyof Declared,
    list: readonly T[],
    keys: readonly (keyof T & string)[],
  ): T | undefined => {
    const wanted = source[key];
    if (wanted === null) return undefined;
    const found = list.find((item) => keys.some((word) => item[word] === wanted));
    if (found !== undefined) return found;
    const known = keys.flatMap((word) => items.declared(section, word));
    if (!known.includes(wanted)) {
      const hint = `${didYouMean(wanted, known)}add it under ${section}:`;
      report(key, `${shown(wanted)} is not one of the ${section}`, hint);
    }
    return undefined;
  };
  return {
    account: find('account', 'accounts', declared.accounts, ['name']),
    app: find('app', 'applications', declared.applications, ['slug', 'name']),
    vault: find('vault', 'vaults', declared.vaults, ['name', 'id']),
    user: find('user', 'users', declared.users, ['username', 'id']),
  };
}

function checkSchedule({ every, cron, full_every }: SourceItem, report: ReportKey) {
  if (every !== null && cron !== null) report('cron', 'stands beside every', 'keep one of the two');
  const secondsOf = (key: string, text: string | null) => {
    try {
      return text === null ? null : parseDuration(text);
    } catch (error) {
      report(key, `${shown(text ?? '')} ${reasonOf(error)}`, 'write 90s, 15m, 1h or 2d');
      return null;
    }
  };
  try {
    if (cron !== null) checkCron(cron);
  } catch (error) {
    const hint = 'minute, hour, day, month and weekday, such as cron: "0 6 * * *"';
    report('cron', `${shown(cron ?? '')} ${reasonOf(error)}`, hint);
  }
  return {
    every,
    every_seconds: secondsOf('every', every),
    cron,
    full_every,
    full_every_seconds: secondsOf('full_every', full_every),
  };
}

function checkContent(
  { content, alias }: SourceItem,
  platform: CatalogPlatform,
  ref: SourceRef,
  report: ReportKey,
): void {
  if (content === null || platform.contentFormats?.(ref).includes(content) === true) return;
  const hint = `take it out of source ${alias}; it keeps the bodies of Notion pages`;
  report('content', `${content} is not what ${platform.name} gives of these records`, hint);
}

function checkRef(
  source: SourceItem,
  platform: CatalogPlatform,
  folder: string,
  report: ReportKey,
) {
  try {
    const ref = platform.parseRef(source.ref, folder);
    return { ref, external_id: platform.externalId(ref) };
  } catch (error) {
    // Platforms name the wrong key at the beginning of their message.
    const [, key = 'ref', message = ''] = /^(ref(?:\.\w+)?) (.*)$/s.exec(reasonOf(error)) ?? [];
    const hint = `appsync init --platform ${platform.name} finds what there is`;
    report(key, message || reasonOf(error), hint);
    return undefined;
  }
}
