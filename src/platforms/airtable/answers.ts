import { z } from 'zod';
import { SyncFailure } from '../../errors.ts';

// What the sync relies on in answers, and no more: what is not named here is kept and not looked at.

export const userSchema = z.object({ id: z.string(), email: z.string().nullish() });

export const baseSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  permissionLevel: z.string().nullish(),
});

/** One entry that is no base must not hide the others. */
export const basesSchema = z.object({
  bases: z.array(z.unknown()),
  offset: z.string().nullish(),
});

export const fieldSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  options: z
    .object({
      result: z.object({ type: z.string() }).nullish(),
      referencedFieldIds: z.array(z.string()).nullish(),
    })
    .nullish()
    // Options of types that are not known here may be anything.
    .catch(null),
});

export type FieldDescription = z.infer<typeof fieldSchema>;

export const tableSchema = z.object({
  id: z.string(),
  name: z.string(),
  fields: z.array(z.unknown()),
});

/** One entry that is no table must not hide the others. */
export const tablesSchema = z.object({ tables: z.array(z.unknown()) });

export const recordsSchema = z.object({
  records: z.array(z.unknown()),
  offset: z.string().nullish(),
});

/** The answer in the shape asked for; InvalidAnswer names the places that do not fit, never their values. */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.slice(0, 3).map((issue) => issue.path.join('.') || 'answer');
  throw new SyncFailure(
    'InvalidAnswer',
    `Airtable's answer for ${what} is not as documented (${places.join(', ')})`,
  );
}
