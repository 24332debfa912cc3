/** What a person asks to sync. `name` is a platform, application slug or source alias, according to `kind`. */
export type Target =
  | { readonly kind: 'all' }
  | { readonly kind: 'platform' | 'application' | 'source'; readonly name: string };

/** Values are names, slugs or ids. Filters combine with AND, values of one filter with OR. */
export interface Filters {
  readonly platform?: readonly string[];
  readonly app?: readonly string[];
  readonly source?: readonly string[];
  readonly component?: readonly string[];
  readonly vault?: readonly string[];
  readonly user?: readonly string[];
  readonly only_enabled?: boolean;
  readonly only_due?: boolean;
}

/** The target as a person would type it. */
export function targetName(target: Target): string {
  return target.kind === 'all' ? 'all' : target.name;
}
