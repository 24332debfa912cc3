import type { SchemaChange } from '../../contract/schema-change.ts';
import type { SourceField } from '../../contract/schema.ts';
import type { SourceRow } from '../sources.ts';
import { checkChangeable } from './change-refused.ts';
import { adoptColumns } from './column-comments.ts';
import { planColumns, type ColumnPlan } from './column-plan.ts';
import {
  describeRepairs,
  needsRepair,
  planSystemRepairs,
  type SystemRepairs,
} from './system-columns.ts';
import type { RecordedColumn, TableState } from './table-state.ts';

/** A table as it stands and what is recorded of it. */
export interface KnownTable {
  readonly state: TableState;
  readonly recorded: readonly RecordedColumn[];
  /** Whether it was given `_more` once. */
  readonly has_more: boolean;
  /** Whether it was only just made. */
  readonly is_new: boolean;
}

/** The table as it is and what has to be done to it. */
export interface TablePlan {
  readonly state: TableState;
  readonly repairs: SystemRepairs;
  readonly columns: ColumnPlan;
}

/**
 * What has to be done so that a table fits its fields: compares, changes nothing. Throws Misconfigured for a table
 * that cannot be changed.
 */
export function planTable(
  source: SourceRow,
  fields: readonly SourceField[],
  { state, recorded, has_more, is_new }: KnownTable,
): TablePlan {
  checkChangeable(source, state);
  const known = [...recorded, ...adoptColumns(fields, recorded, state)];
  const columns = planColumns(fields, known, { ...state, is_new, has_more });
  return { state, repairs: planSystemRepairs(source, state), columns };
}

/** Whether the table itself has to be altered. */
export const isChanging = ({ repairs, columns }: Pick<TablePlan, 'repairs' | 'columns'>): boolean =>
  needsRepair(repairs) ||
  columns.renames.length > 0 ||
  columns.retypes.length > 0 ||
  columns.adds.length > 0 ||
  columns.needs_more;

/** Whether values that the table had, or should have had, are missing. */
export const lacksValues = ({
  repairs,
  columns,
}: Pick<TablePlan, 'repairs' | 'columns'>): boolean => columns.lacks_values || needsRepair(repairs);

/** A plan as changes of the table. */
export const changesOf = ({
  repairs,
  columns,
}: Pick<TablePlan, 'repairs' | 'columns'>): readonly SchemaChange[] => [
  ...describeRepairs(repairs),
  ...columns.changes,
];

/** That a table is made, or made anew because somebody dropped the one that was there. */
export const creation = (isRemade: boolean): SchemaChange => ({
  kind: isRemade ? 'table_remade' : 'table_created',
  column: null,
  field_id: null,
  from: null,
  to: null,
});
