/** Of one value; a whole record may be nested somewhat deeper (record-hash.ts). */
const DEEPEST = 1_000;

/** Why a value cannot be a jsonb value as it stands; null when it can. The reason quotes nothing of it. */
export function jsonbDoubt(value: unknown, depth = 0): string | null {
  if (typeof value === 'number') {
    // What JSON.parse makes of 1e400; JSON.stringify would turn it into null without a word.
    return Number.isFinite(value) ? null : 'it holds a number that is not finite';
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth === DEEPEST) return `it is nested deeper than ${DEEPEST} levels`;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    const doubt = jsonbDoubt(member, depth + 1);
    if (doubt !== null) return doubt;
  }
  return null;
}

/** What is still to be written: text as it stands, or a value. */
type Pending = { readonly text: string } | { readonly value: unknown };

/** JSON text of a value that came from JSON, however deep: JSON.stringify overflows the stack at about 4,000. */
export function jsonOfAnyDepth(value: unknown): string {
  const parts: string[] = [];
  const pending: Pending[] = [{ value }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ('text' in next) parts.push(next.text);
    else if (typeof next.value !== 'object' || next.value === null)
      parts.push(JSON.stringify(next.value) ?? 'null');
    else pushMembers(pending, next.value);
  }
  return parts.join('');
}

function pushMembers(pending: Pending[], container: object): void {
  const isList = Array.isArray(container);
  const written: Pending[] = [{ text: isList ? '[' : '{' }];
  for (const [i, [key, value]] of Object.entries(container).entries()) {
    const comma = i === 0 ? '' : ',';
    written.push({ text: isList ? comma : `${comma}${JSON.stringify(key)}:` }, { value });
  }
  written.push({ text: isList ? ']' : '}' });
  for (const part of written.toReversed()) pending.push(part);
}
