import type { Queryable } from '../store/database.ts';
import type { PlatformNames } from './file.ts';
import { dueCondition } from './source-query.ts';
import type { Kind } from './vocabulary.ts';

/** Something that can be synced by name, and how its sources stand. */
export interface TargetCounts {
  readonly kind: Kind;
  /** What means it as a target or filter, and nothing else. */
  readonly word: string;
  /** What people call it; often the same. */
  readonly name: string;
  readonly sources: number;
  readonly enabled: number;
  /** Enabled sources whose time has come. */
  readonly due: number;
  /** The worst of its sources; `never` when one never ended a sync, null without sources. */
  readonly last_status: string | null;
  /** The latest of its sources. */
  readonly last_synced_at: string | null;
}

/** Kinds in the order in which people look for them. */
export const TARGET_KINDS = [
  'platform',
  'app',
  'component',
  'source',
  'vault',
  'user',
] as const satisfies readonly Kind[];

const WORST_FIRST = ['failed', 'incomplete', 'cancelled', 'skipped', 'never', 'complete'];

// A vault or user is called by its name unless that means another one, too.
const wordOf = (table: 'vault' | 'app_user', name: 'name' | 'username') =>
  `case when exists (select from appsync.${table} other
      where other.id <> ${table}.id and ${table}.${name} in (other.id, other.${name}))
    then ${table}.id else ${table}.${name} end`;

const COUNTS = `
  with named as (
    select 'platform' as kind, name as key, name as word, name
      from (select unnest($2::text[]) as name union select platform from appsync.account) as platform
    union all
    select 'app', id::text, slug, name from appsync.application
    union all
    select distinct 'component', component, component, component
      from appsync.source where component is not null
    union all
    select 'source', alias, alias, alias from appsync.source
    union all
    select 'vault', id, ${wordOf('vault', 'name')}, name from appsync.vault
    union all
    select 'user', id, ${wordOf('app_user', 'username')}, username from appsync.app_user
  ), tagged as (
    select key.kind, key.key, source.enabled, source.last_synced_at,
           source.enabled and ${dueCondition('$1')} as due,
           array_position($3::text[], coalesce(source.last_status, 'never')) as badness
      from appsync.source
      join appsync.account on account.id = source.account_id
     cross join lateral (values
       ('platform', account.platform), ('app', source.application_id::text),
       ('component', source.component), ('source', source.alias),
       ('vault', source.vault_id), ('user', source.user_id)
     ) as key(kind, key)
  )
  select kind, named.word, named.name, count(tagged.key) as sources,
         count(*) filter (where enabled) as enabled, count(*) filter (where due) as due,
         ($3::text[])[min(badness)] as last_status,
         appsync.iso(max(last_synced_at)) as last_synced_at
    from named left join tagged using (kind, key)
   group by kind, key, named.word, named.name
   order by array_position($4::text[], kind), named.word collate "C"`;

/** Everything that can be named, registered platforms without sources included: one statement for any number. */
export async function countTargets(
  db: Queryable,
  platforms: PlatformNames,
  now: Date,
): Promise<readonly TargetCounts[]> {
  const { rows } = await db.query<TargetCounts & { word: string }>(COUNTS, [
    now,
    [...platforms.keys()],
    WORST_FIRST,
    TARGET_KINDS,
  ]);
  return rows;
}
