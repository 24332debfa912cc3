import { z } from 'zod';
import { CONTENT_FORMATS } from '../contract/content.ts';
import { LONGEST_SLUG, SLUG } from './slug.ts';

const missingOr = (what: string) => (issue: { readonly input: unknown }) =>
  issue.input === undefined || issue.input === null ? 'is missing' : what;

const word = z
  .string({ error: missingOr('must be a text') })
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must not be longer than 200 characters')
  .regex(/^\P{Cc}*$/u, 'must not hold control characters');

const slug = word
  .regex(SLUG, 'must be lower-case letters and digits with - or _ between them')
  .max(LONGEST_SLUG, `must not be longer than ${LONGEST_SLUG} characters`);

/** Null when the key is missing or empty. */
const optional = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value): z.output<T> | null => value ?? null);

const rate = z
  .string({ error: 'must be a number' })
  .regex(/^\d+(\.\d+)?$/, 'must be a number of requests per second')
  .transform(Number)
  .pipe(z.number().min(0.01, 'must be at least 0.01').max(1_000_000, 'must be at most 1000000'));

const token = z
  .string({ error: missingOr('must be env:NAME or file:PATH') })
  // The value is never shown: it is most likely the token itself.
  .regex(
    /^(env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*)$/,
    'must be env:NAME or file:PATH, never the token itself',
  );

const identifier = word
  .regex(
    /^[a-z0-9_]{1,63}\.[a-z0-9_]{1,63}$/,
    'must be schema.name in lower-case letters, digits and _',
  )
  .refine(
    (table) => !/^(appsync|information_schema|pg_.*)\./.test(table),
    'must not be in a schema of Postgres or of appsync itself',
  );

/** What stands for the token of an account without one. */
export const NO_TOKEN = 'none';

export const accountSchema = z.strictObject({
  name: word,
  platform: word,
  token: token.nullish().transform((value) => value ?? NO_TOKEN),
  plan: optional(word),
  rate_limit: optional(rate),
});

export const applicationSchema = z.strictObject({ slug, name: optional(word) });
export const vaultSchema = z.strictObject({ id: word, name: optional(word) });
export const userSchema = z.strictObject({ id: word, username: optional(word) });

export const sourceSchema = z.strictObject({
  alias: slug,
  account: word,
  ref: z.record(z.string(), z.unknown(), { error: missingOr('must be a map') }),
  app: optional(word),
  component: optional(word),
  vault: optional(word),
  user: optional(word),
  every: optional(word),
  cron: optional(word),
  full_every: optional(word),
  enabled: optional(z.enum(['true', 'false'], 'must be true or false')),
  table: optional(identifier),
  content: optional(z.enum(CONTENT_FORMATS, `must be ${CONTENT_FORMATS.join(' or ')}`)),
});

/** Platforms from outside: name → package or path. */
export const pluginsSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and -'),
  word,
  { error: 'must be a map' },
);

/** The file's sections; their items are checked one by one, so that one wrong item hides no other. */
export const SECTIONS = ['accounts', 'applications', 'vaults', 'users', 'sources'] as const;
export type Section = (typeof SECTIONS)[number];

export type AccountItem = z.output<typeof accountSchema>;
export type SourceItem = z.output<typeof sourceSchema>;
