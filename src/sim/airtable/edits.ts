import type { SimClock } from '../clock.ts';
import { createRow } from '../rows.ts';
import type { SimRow } from '../rows.ts';
import { mix, seededAirtableId } from '../seeded.ts';
import type { AirtableFieldSpec } from '../world-spec.ts';
import type { AirtableTable } from './bases.ts';
import { createField, findField, isComputed } from './fields.ts';
import type { AirtableChoice, AirtableField } from './fields.ts';

type Changes = Readonly<Record<string, unknown>>;

/** Changes of the simulated Airtable. Only edits of cells by hand move the time of modification. */
export class AirtableEdits {
  readonly #clock: SimClock;
  #made = 0;

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  create(table: AirtableTable, changes: Changes): string {
    const index = table.nextIndex;
    const id = seededAirtableId('rec', table.seed, index);
    const row = createRow({ id, index, created: this.#clock.now(), edited: 0, editedBefore: 0 });
    table.nextIndex += 1;
    table.rows.push(row);
    table.byId.set(id, row);
    write(table, row, changes, this.#clock.now());
    return id;
  }

  edit(table: AirtableTable, id: string, changes: Changes): void {
    const row = rowOf(table, id);
    row.editedBefore = row.edited;
    row.edited = this.#clock.now();
    write(table, row, changes, row.edited);
  }

  setTrashed(table: AirtableTable, id: string, trashed: boolean): void {
    rowOf(table, id).trashed = trashed;
  }

  purge(table: AirtableTable, id: string): void {
    const row = rowOf(table, id);
    table.rows = table.rows.filter((other) => other !== row);
    table.byId.delete(id);
  }

  addField(table: AirtableTable, spec: AirtableFieldSpec): string {
    this.#made += 1;
    const seed = mix(table.seed, 1000 + this.#made);
    const field = createField(spec, seed, this.#made, false, table.id);
    table.fields = [...table.fields, field];
    return field.id;
  }

  renameField(table: AirtableTable, key: string, name: string): void {
    fieldOf(table, key).name = name;
  }

  removeField(table: AirtableTable, key: string): void {
    const field = fieldOf(table, key);
    table.fields = table.fields.filter((other) => other !== field);
  }

  /** Cells are emptied: what Airtable keeps in a conversion depends on both types. */
  changeType(table: AirtableTable, key: string, type: string): void {
    const field = fieldOf(table, key);
    for (const row of table.rows) {
      row.values ??= new Map();
      row.values.set(field.id, null);
    }
    field.type = type;
  }

  /** Cells name their choices, so every record that has this one changes, without a trace. */
  renameChoice(table: AirtableTable, key: string, choice: string, to: string): void {
    choiceOf(table, key, choice).name = to;
  }

  removeChoice(table: AirtableTable, key: string, choice: string): void {
    const gone = choiceOf(table, key, choice);
    const field = fieldOf(table, key);
    field.choices = field.choices.filter((other) => other !== gone);
  }
}

function choiceOf(table: AirtableTable, key: string, choice: string): AirtableChoice {
  const { choices } = fieldOf(table, key);
  const found = choices.find(({ id, name }) => name === choice || id === choice);
  if (found === undefined) throw new Error(`${table.name}.${key} has no choice "${choice}"`);
  return found;
}

function rowOf(table: AirtableTable, id: string): SimRow {
  const row = table.byId.get(id);
  if (row === undefined) throw new Error(`${table.name} has no record ${id}`);
  return row;
}

function fieldOf(table: AirtableTable, key: string): AirtableField {
  const field = findField(table.fields, key);
  if (field === undefined) throw new Error(`${table.name} has no field "${key}"`);
  return field;
}

function write(table: AirtableTable, row: SimRow, changes: Changes, now: number): void {
  for (const [key, value] of Object.entries(changes)) {
    const field = fieldOf(table, key);
    if (isComputed(field)) throw new Error(`${table.name}.${field.name} is computed`);
    row.values ??= new Map();
    row.values.set(field.id, innerForm(field, value));
    row.cellEdits ??= new Map();
    row.cellEdits.set(field.id, now);
  }
}

/** Names or ids stand for choices; the rest is as the API has it. */
function innerForm(field: AirtableField, value: unknown): unknown {
  const choiceId = (wanted: unknown): string => {
    const found = field.choices.find(({ id, name }) => id === wanted || name === wanted);
    if (found !== undefined) return found.id;
    const id = seededAirtableId('sel', field.slot ?? 1, 1000 + field.choices.length);
    field.choices.push({ id, name: String(wanted), color: 'grayLight2' });
    return id;
  };
  if (field.type === 'singleSelect') return value === null ? null : choiceId(value);
  if (field.type === 'multipleSelects') return Array.isArray(value) ? value.map(choiceId) : [];
  return value;
}
