import { SyncFailure } from '../../errors.ts';
import type { DiscoveredSource, Identity, RateRule } from '../platform.ts';
import { parseAnswer, tableSchema, tablesSchema, userSchema } from './answers.ts';
import { isOpen, readBases, type BasesPage } from './bases.ts';
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
  const seen = new Set<string>();
  let offset: string | null = null;
  do {
    const page: BasesPage = await readBases(api, rules, offset);
    for (const { id } of page.bases.filter(isOpen)) yield id;
    offset = page.next;
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
    const { tables } = parseAnswer(tablesSchema, answer.body, what);
    return tables.flatMap((entry) => tableSchema.safeParse(entry).data ?? []);
  } catch (error) {
    const isGone =
      error instanceof SyncFailure && (error.type === 'Forbidden' || error.type === 'NotFound');
    if (isGone) return [];
    throw error;
  }
}
