import pg from 'pg';

/** Why Postgres refused a row, in words that quote no value. */
export interface Refusal {
  readonly sqlstate: string;
  readonly reason: string;
}

/**
 * Classes that are about the data at hand: cardinality, values, constraints, limits of rows and indexes,
 * views' checks, and exceptions that triggers raise. Not connections, deadlocks or resources, which pass,
 * nor class 42, which no other row would fare better with.
 */
const DATA_ERRORS = /^(?:21|22|23|44|54)|^P0001$/;

const REASONS: ReadonlyMap<string, string> = new Map([
  ['22001', 'a text is longer than its column'],
  ['22003', 'a number is out of range'],
  ['22007', 'a date or time that Postgres does not know'],
  ['22008', 'a date or time that Postgres does not know'],
  ['22021', 'characters that Postgres cannot store'],
  ['22P02', 'a value that its column cannot hold'],
  ['22P05', 'characters that Postgres cannot store'],
  ['23502', 'a value is missing'],
  ['23503', 'what it refers to is not there'],
  ['23505', 'another row has its value'],
  ['23514', 'a check does not allow it'],
  ['23P01', 'it collides with another row'],
  ['54000', 'it is too large for a row or an index'],
  ['54001', 'it is nested too deeply'],
  ['P0001', 'a trigger refused it'],
]);

/** The refusal that an error means, or null when it is about something else than the rows. */
export function refusalOf(thrown: unknown): Refusal | null {
  if (!(thrown instanceof pg.DatabaseError)) return null;
  const sqlstate = thrown.code ?? '';
  if (!DATA_ERRORS.test(sqlstate)) return null;
  // Messages and details quote values; names of columns and constraints are no content.
  const said = REASONS.get(sqlstate) ?? 'Postgres refused it';
  const where = [
    ...(thrown.column === undefined ? [] : [`column ${thrown.column}`]),
    ...(thrown.constraint === undefined ? [] : [`constraint ${thrown.constraint}`]),
  ].join(', ');
  return { sqlstate, reason: where === '' ? said : `${said} (${where})` };
}
