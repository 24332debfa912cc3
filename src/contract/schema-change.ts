/** What can happen to a destination table when it is made to fit its source. */
export type SchemaChangeKind =
  | 'table_created'
  | 'table_remade' // somebody dropped it, or the catalog names another one
  | 'added'
  | 'renamed' // from, to: names of the column
  | 'retyped' // from, to: types of the column
  | 'deleted' // the property is gone; its column stays
  | 'restored' // a deleted property is there again, with its id
  | 'moved_to_more' // there is no room for a column of its own
  | 'column_remade' // somebody dropped it
  | 'type_repaired' // somebody changed it; from, to: types of the column
  | 'key_repaired'; // somebody dropped the primary key

/** One change of a table. Names of columns and properties only, never a value of a record. */
export interface SchemaChange {
  readonly kind: SchemaChangeKind;
  /** The column's name after the change; null when the whole table changed. */
  readonly column: string | null;
  /** The property's id; null for tables and system columns. */
  readonly field_id: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

const MAX_NAMES = 3;

/**
 * Changes in a few words for people: `2 columns added (a, b), status renamed to state`. Of each kind at
 * most three names; an empty text when nothing changed or when the table is simply new.
 */
export function describeChanges(changes: readonly SchemaChange[]): string {
  const of = (kind: SchemaChangeKind) => changes.filter((change) => change.kind === kind);
  const named = (kind: SchemaChangeKind, what: string) => {
    const columns = of(kind).map(({ column }) => column ?? '?');
    return columns.length === 0
      ? []
      : [
          `${columns.length} ${columns.length === 1 ? 'column' : 'columns'} ${what} (${list(columns)})`,
        ];
  };
  const each = (kind: SchemaChangeKind, say: (change: SchemaChange) => string) =>
    of(kind).length === 0 ? [] : [list(of(kind).map(say))];
  return [
    ...of('table_remade').map(() => 'table made anew'),
    ...named('added', 'added'),
    ...each('renamed', ({ from, to }) => `${from} renamed to ${to}`),
    ...each('retyped', ({ column, from, to }) => `${column} changed from ${from} to ${to}`),
    ...named('deleted', 'kept of deleted properties'),
    ...named('restored', 'in use again'),
    ...named('moved_to_more', 'in _more for want of room'),
    ...named('column_remade', 'made anew'),
    ...each('type_repaired', ({ column, to }) => `${column} made ${to} again`),
    ...of('key_repaired').map(() => 'primary key made anew'),
  ].join(', ');
}

function list(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return names.slice(0, MAX_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
