import { SyncFailure } from '../../errors.ts';
import type { RateRule } from '../platform.ts';
import { baseSchema, basesSchema, parseAnswer } from './answers.ts';
import type { Api } from './client.ts';

const WHAT = 'the list of bases';

export interface BasesPage {
  /** As they came; those that are no bases are in `bases` no more. */
  readonly entries: readonly unknown[];
  readonly bases: readonly Base[];
  /** Null when this page is the last. */
  readonly next: string | null;
  /** The server's clock, as its Date header has it. */
  readonly date: string | null;
}

export interface Base {
  readonly id: string;
  readonly name: string;
  readonly permissionLevel?: string | null | undefined;
}

/** One page of the bases that the token sees, up to 1,000. */
export async function readBases(
  api: Api,
  rules: readonly RateRule[],
  offset: string | null,
): Promise<BasesPage> {
  const query: Record<string, string> = offset === null ? {} : { offset };
  try {
    const answer = await api(rules, { base: 'meta', path: '/bases', query, what: WHAT });
    const { bases: entries, offset: next } = parseAnswer(basesSchema, answer.body, WHAT);
    const bases = entries.flatMap((entry) => baseSchema.safeParse(entry).data ?? []);
    return { entries, bases, next: next ?? null, date: answer.date };
  } catch (error) {
    if (!(error instanceof SyncFailure) || error.type !== 'Forbidden') throw error;
    throw new SyncFailure('Forbidden', error.message, {
      hint: 'give the token the scope schema.bases:read, at airtable.com/create/tokens',
      cause: error,
    });
  }
}

/** Some bases are listed to tokens that may not see into them. */
export const isOpen = ({ permissionLevel }: Base): boolean => permissionLevel !== 'none';
