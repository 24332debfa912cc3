import type { SchemaChange } from '../../contract/schema-change.ts';
import type { Column, ColumnPlace, SourceField } from '../../contract/schema.ts';
import { foldName, nameColumns } from './column-names.ts';
import type { PresentColumn, RecordedColumn } from './table-state.ts';

/**
 * Column numbers that properties may use up, of the 1,600 that Postgres has for a table over its whole life.
 * The rest is for system columns that are made anew and for columns that the user adds.
 */
export const MAX_ATTRIBUTES = 1500;

/** A table before it is made to fit: which columns it has and how many column numbers are used up. */
export interface PlannedTable {
  /** Whether it was only just made: then its columns are no news. */
  readonly is_new: boolean;
  readonly columns: ReadonlyMap<string, PresentColumn>;
  readonly attributes: number;
  /** Whether it was given `_more` before. */
  readonly has_more: boolean;
}

/** A column whose type in the table is not the one that its property needs. `from` is the table's. */
export interface Retype {
  readonly column: Column;
  readonly from: string;
}

/** The columns that a schema needs and the steps that lead there. */
export interface ColumnPlan {
  readonly columns: readonly Column[];
  /** Renames in the table, and of keys in `_more` and `_errors`. */
  readonly renames: readonly {
    readonly from: string;
    readonly to: string;
    readonly place: ColumnPlace;
  }[];
  readonly retypes: readonly Retype[];
  readonly adds: readonly Column[];
  /** Whether the table lacks the column `_more`. */
  readonly needs_more: boolean;
  readonly changes: readonly SchemaChange[];
  /** Whether values that the table had, or should have had, are missing: only a full scan brings them. */
  readonly lacks_values: boolean;
}

/**
 * Plans how a table comes to fit its properties. A property is known by its id: a rename renames its column, a
 * deleted one's column stays. Once it has a name and a place it keeps them: a name changes with the property's
 * own folded name only. Columns that are not recorded are the user's: they are left alone and their names are taken.
 */
export function planColumns(
  fields: readonly SourceField[],
  recorded: readonly RecordedColumn[],
  table: PlannedTable,
): ColumnPlan {
  const known = new Map(recorded.map((column) => [column.field_id, column]));
  const names = chooseNames(fields, known, table);
  const place = placeChooser(table);
  const plans = fields.map((field) => planField(field, known.get(field.id), names, table, place));
  const wanted = new Set(fields.map((field) => field.id));
  const gone = recorded.filter((column) => !column.dropped && !wanted.has(column.field_id));
  const needsMore =
    (table.has_more || plans.some(({ column }) => column.place === 'more')) &&
    !table.columns.has('_more');
  const changes = [...plans.flatMap((plan) => plan.changes), ...gone.map(deletion)];
  return {
    columns: plans.map((plan) => plan.column),
    renames: plans.flatMap((plan) => plan.renames),
    retypes: plans.flatMap((plan) => plan.retypes),
    adds: plans.filter((plan) => plan.is_added).map((plan) => plan.column),
    needs_more: needsMore,
    changes: changes.filter((change) => !table.is_new || change.kind !== 'added'),
    lacks_values:
      needsMore ||
      plans.some((plan) => plan.is_added || plan.changes.some(({ kind }) => kind !== 'renamed')),
  };
}

/** The column name of every property: the one it has, or a new one. */
function chooseNames(
  fields: readonly SourceField[],
  known: ReadonlyMap<string, RecordedColumn>,
  table: PlannedTable,
): ReadonlyMap<string, string> {
  const keeps = (field: SourceField) => {
    const before = known.get(field.id)?.field_name;
    // Folding takes most of the time that a plan of many thousand columns takes, and few of them were renamed.
    return (
      before === field.name || (before !== undefined && foldName(before) === foldName(field.name))
    );
  };
  const nameless = fields.filter((field) => !keeps(field));
  const taken = new Set(table.columns.keys());
  for (const column of known.values()) taken.add(column.column_name);
  // Names that are given up are free before the first is given out, so that two may be swapped.
  for (const field of nameless) taken.delete(known.get(field.id)?.column_name ?? '');
  const kept = fields.filter(keeps);
  return new Map([
    ...kept.map((field) => [field.id, known.get(field.id)?.column_name ?? ''] as const),
    ...nameColumns(nameless, taken),
  ]);
}

/** Says where a column goes that the table does not have, while there is room. Asked in the platform's order. */
function placeChooser(table: PlannedTable): () => ColumnPlace {
  let room = MAX_ATTRIBUTES - table.attributes;
  return () => (room-- > 0 ? 'column' : 'more');
}

interface FieldPlan extends Pick<ColumnPlan, 'renames' | 'retypes' | 'changes'> {
  readonly column: Column;
  readonly is_added: boolean;
}

function planField(
  field: SourceField,
  before: RecordedColumn | undefined,
  names: ReadonlyMap<string, string>,
  table: PlannedTable,
  choosePlace: () => ColumnPlace,
): FieldPlan {
  const name = names.get(field.id) ?? '';
  const present = before?.place === 'column' ? table.columns.get(before.column_name) : undefined;
  const isMissing = present === undefined && before?.place !== 'more';
  const place = isMissing ? choosePlace() : (before?.place ?? 'column');
  const column: Column = { ...field, column: name, place };
  const change = (kind: SchemaChange['kind'], from: string | null, to: string | null) => ({
    kind,
    column: name,
    field_id: field.id,
    from,
    to,
  });
  const isRenamed = before !== undefined && before.column_name !== name;
  const type = retyping(field, before, present);
  return {
    column,
    is_added: isMissing && place === 'column',
    renames: isRenamed && !isMissing ? [{ from: before.column_name, to: name, place }] : [],
    retypes:
      present !== undefined && present.type !== field.column_type
        ? [{ column, from: present.type }]
        : [],
    changes: [
      ...(before === undefined ? [change('added', null, field.column_type)] : []),
      ...(before?.dropped === true ? [change('restored', null, null)] : []),
      ...(isRenamed ? [change('renamed', before.column_name, name)] : []),
      ...(type === null ? [] : [change(type.kind, type.from, field.column_type)]),
      ...(isMissing && before !== undefined && !table.is_new && place === 'column'
        ? [change('column_remade', null, null)]
        : []),
      ...(isMissing && place === 'more' ? [change('moved_to_more', null, null)] : []),
    ],
  };
}

/** The platform changed the property's type, or somebody the column's. */
function retyping(
  field: SourceField,
  before: RecordedColumn | undefined,
  present: PresentColumn | undefined,
): { readonly kind: 'retyped' | 'type_repaired'; readonly from: string } | null {
  if (before === undefined) return null;
  if (before.column_type !== field.column_type)
    return { kind: 'retyped', from: before.column_type };
  if (present === undefined || present.type === field.column_type) return null;
  return { kind: 'type_repaired', from: present.type };
}

const deletion = (column: RecordedColumn): SchemaChange => ({
  kind: 'deleted',
  column: column.column_name,
  field_id: column.field_id,
  from: null,
  to: null,
});
