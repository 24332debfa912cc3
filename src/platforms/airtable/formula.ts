/**
 * Records edited at or after a time. LAST_MODIFIED_TIME covers every field that people edit; it is blank
 * for a record that was never edited, so creation counts there. IS_AFTER would leave out the moment
 * itself. What is only computed (formulas, rollups, lookups) moves no time: full scans find it.
 */
export function modifiedSince(since: string): string {
  const from = `DATETIME_PARSE("${new Date(since).toISOString()}")`;
  const edited = `NOT(IS_BEFORE(LAST_MODIFIED_TIME(), ${from}))`;
  const created = `AND(NOT(LAST_MODIFIED_TIME()), NOT(IS_BEFORE(CREATED_TIME(), ${from})))`;
  return `OR(${edited}, ${created})`;
}

/** Records created at or after a time. */
export const createdSince = (since: string): string =>
  `NOT(IS_BEFORE(CREATED_TIME(), DATETIME_PARSE("${new Date(since).toISOString()}")))`;

/** These records. Their ids are letters and digits, so nothing needs an escape. */
export const withIds = (ids: readonly string[]): string =>
  `OR(${ids.map((id) => `RECORD_ID()="${id}"`).join(',')})`;
