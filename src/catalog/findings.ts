import type { InspectedSource, OrphanTable } from '../store/inspection/inspected-sources.ts';
import { nextTime } from './due.ts';
import type { PlatformNames } from './file.ts';

/** What can be wrong with a source or a table; `note` says something that may well be meant. */
export type FindingKind =
  | 'platform_unknown'
  | 'token_missing'
  | 'table_missing'
  | 'not_a_table'
  | 'columns_missing'
  | 'types_altered'
  | 'last_sync_failed'
  | 'quarantine'
  | 'deletions_held'
  | 'never_due'
  | 'duplicate'
  | 'left_file'
  | 'orphan_table'
  | 'disabled'
  | 'never_synced';

/** One thing that is wrong, with what mends it. */
export interface Finding {
  readonly kind: FindingKind;
  readonly level: 'problem' | 'note';
  /** The source's alias, or the table that has none. */
  readonly subject: string;
  readonly message: string;
  /** A command after `appsync `, or what to do by hand. */
  readonly fix: string;
}

/** What findings are judged by. */
export interface FindingRules {
  readonly platforms: PlatformNames;
  /** Why a token cannot be read here, and what to do; null: it can. */
  readonly tokenProblem: (
    reference: string,
  ) => { readonly message: string; readonly fix: string } | null;
  readonly now: Date;
}

type Found = Omit<Finding, 'subject' | 'level'> & { readonly level?: Finding['level'] };

/** Everything that is wrong, source by source; tables without a source come last. */
export function findFindings(
  sources: readonly InspectedSource[],
  orphans: readonly OrphanTable[],
  rules: FindingRules,
): readonly Finding[] {
  const tokens = new Map<string, ReturnType<FindingRules['tokenProblem']>>();
  const tokenProblem = (reference: string) => {
    const known = tokens.get(reference);
    if (known !== undefined) return known;
    const problem = rules.tokenProblem(reference);
    tokens.set(reference, problem);
    return problem;
  };
  const cached = { ...rules, tokenProblem };
  return [
    ...sources.flatMap((source) =>
      [...ofSetup(source, cached), ...ofTable(source), ...ofRecords(source)].map(
        (found): Finding => ({ level: 'problem', ...found, subject: source.alias }),
      ),
    ),
    ...orphans.map(({ table }): Finding => {
      const fix = `give a source of the catalog table: ${table}, or drop the table`;
      const message = 'no source writes to it';
      return { kind: 'orphan_table', level: 'note', subject: table, message, fix };
    }),
  ];
}

function* ofSetup(source: InspectedSource, rules: FindingRules): Generator<Found> {
  const { platform, token_ref, twins, enabled, in_file } = source;
  if (!rules.platforms.has(platform)) {
    const known = [...rules.platforms.keys()].join(', ');
    const message = `this version has no platform ${platform} (it has ${known})`;
    const fix = 'install a version that has it, or disable the source in the catalog file';
    yield { kind: 'platform_unknown', message, fix };
  }
  const token = rules.tokenProblem(token_ref);
  if (token !== null) yield { kind: 'token_missing', ...token };
  if (twins.length > 0) {
    const fix = `keep one of them in the catalog file, then: appsync sources apply --prune`;
    yield { kind: 'duplicate', message: `same place as ${twins.join(', ')}`, fix };
  }
  if (enabled && !in_file) {
    const fix = 'put it back into the catalog file, or: appsync sources apply --prune';
    yield { kind: 'left_file', message: 'left the catalog file and is still enabled', fix };
  }
  if (enabled && !canBeDue(source, rules.now)) {
    const message = `its schedule never comes: ${source.cron ?? ''}`;
    yield { kind: 'never_due', message, fix: 'correct cron in the catalog file' };
  }
  if (!enabled) {
    const fix = 'enabled: true in the catalog file lets it sync by itself';
    yield { kind: 'disabled', level: 'note', message: 'disabled', fix };
  }
}

function canBeDue({ cron }: InspectedSource, now: Date): boolean {
  try {
    return cron === null || nextTime({ cron, every_seconds: null }, now) !== null;
  } catch {
    return false;
  }
}

function* ofTable(source: InspectedSource): Generator<Found> {
  const { alias, table, relation, columns, missing_columns, altered_columns } = source;
  const fix = `appsync sync-source ${alias}`;
  if (relation === null) {
    if (columns === 0) return;
    yield { kind: 'table_missing', message: `its table ${table} is gone`, fix };
  } else if (relation !== 'r' && relation !== 'p') {
    const message = `${table} is no table`;
    yield { kind: 'not_a_table', message, fix: `rename ${table}, then: ${fix}` };
  }
  if (missing_columns.length > 0) {
    yield { kind: 'columns_missing', message: `lost columns: ${missing_columns.join(', ')}`, fix };
  }
  if (altered_columns.length > 0) {
    const list = altered_columns.map(
      (each) => `${each.column} is ${each.actual}, was ${each.expected}`,
    );
    yield { kind: 'types_altered', message: `altered columns: ${list.join('; ')}`, fix };
  }
}

function* ofRecords(source: InspectedSource): Generator<Found> {
  const { alias, last_status, quarantined, held } = source;
  if (last_status === 'failed' || last_status === 'incomplete') {
    const message = `its last sync ended as ${last_status}`;
    yield {
      kind: 'last_sync_failed',
      message,
      fix: `appsync runs show, then: appsync sync-source ${alias}`,
    };
  } else if (last_status === null) {
    const fix = `appsync sync-source ${alias}`;
    yield { kind: 'never_synced', level: 'note', message: 'never synced', fix };
  }
  if (quarantined > 0) {
    const message = `records in quarantine: ${quarantined}`;
    yield { kind: 'quarantine', message, fix: `appsync quarantine list ${alias}` };
  }
  if (held > 0) {
    const message = `deletions that wait for consent: ${held}`;
    yield { kind: 'deletions_held', message, fix: `appsync sources accept-deletions ${alias}` };
  }
}
