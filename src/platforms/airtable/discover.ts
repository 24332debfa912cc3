import { SyncFailure } from '../../errors.ts';
import type { DiscoveredSource, Identity, RateRule } from '../platform.ts';
import { basesSchema, parseAnswer, tablesSchema, userSchema } from './answers.ts';
import type { Api } from './client.ts';
import { externalId } from './source-ref.ts';

/** Who the token belongs to. Its e-mail address is told only to tokens with a scope for it. */
export async function identify(api: Api, rules: readonly RateRule[]): Promise<Identity> {
  const what = "the token's user";
  const answer = await api(rules, { base: 'meta', path: '/whoami', what });
  const user = parseAnswer(userSchema, answer.body, what);
  return { name: user.email ?? user.id, workspace: null };
}

/** Every table of every base that the token can see. */
export async function* discover(
  api: Api,
  rules: readonly RateRule[],
  rulesOf: (base: string) => readonly RateRule[],
): AsyncGenerator<DiscoveredSource> {
  for await (const base of bases(api, rules)) {
    for (const table of await tablesOf(api, rulesOf(base), base)) {
      const ref = { base, table: table.id };
      yield { title: table.name, ref, external_id: externalId(ref) };
    }
  }
}

async function* bases(api: Api, rules: readonly RateRule[]): AsyncGenerator<string> {
  const what = 'the list of bases';
  const seen = new Set<string>();
  let offset: string | null = null;
  do {
    const query: Record<string, string> = offset === null ? {} : { offset };
    const answer = await api(rules, { base: 'meta', path: '/bases', query, what });
    const page = parseAnswer(basesSchema, answer.body, what);
    for (const base of page.bases) {
      if (base.permissionLevel !== 'none') yield base.id;
    }
    offset = page.offset ?? null;
    if (offset !== null && seen.has(offset)) {
      throw new SyncFailure('InvalidAnswer', 'The list of bases leads back to itself');
    }
    if (offset !== null) seen.add(offset);
  } while (offset !== null);
}

/** A base that was deleted or closed since it was listed has no tables to offer; the others have. */
async function tablesOf(api: Api, rules: readonly RateRule[], base: string) {
  const what = `base ${base}`;
  try {
    const path = `/bases/${encodeURIComponent(base)}/tables`;
    const answer = await api(rules, { base: 'meta', path, what });
    return parseAnswer(tablesSchema, answer.body, what).tables;
  } catch (error) {
    const isGone =
      error instanceof SyncFailure && (error.type === 'Forbidden' || error.type === 'NotFound');
    if (isGone) return [];
    throw error;
  }
}
