import { createHash } from 'node:crypto';
import type { SourceField } from '../../contract/schema.ts';

/** Changes when a property is added, removed or changes its type; a rename is not a change of content. */
export function schemaFingerprint(fields: readonly SourceField[]): string {
  const parts = fields.map((field) => `${field.id}\u0000${field.type}\u0000${field.column_type}`);
  return createHash('sha256').update(parts.toSorted().join('\u0001')).digest('hex').slice(0, 16);
}
