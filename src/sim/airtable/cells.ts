import { isoTime } from '../clock.ts';
import type { SimRow } from '../rows.ts';
import { mix, pick, seededAirtableId } from '../seeded.ts';
import { AWKWARD_DAYS, seededDay, seededNumber, seededText, seededTitle } from '../texts.ts';
import type { AirtableAccount, AirtableTable } from './bases.ts';
import { findTableAnywhere } from './bases.ts';
import type { AirtableField } from './fields.ts';

export interface CellView {
  readonly account: AirtableAccount;
  readonly table: AirtableTable;
  readonly now: number;
  /** Differs on every reading: part of the links to attachments. */
  readonly reading: number;
}

/** An attachment before it is served: its link is made anew for every reading. */
export interface InnerAttachment {
  readonly id: string;
  readonly filename: string;
  readonly size: number;
  readonly type: string;
}

/** A cell as the API gives it, or undefined when it is empty: then the API leaves it out. */
export function cellValue(view: CellView, row: SimRow, field: AirtableField): unknown {
  const value = servedCell(view, row, field);
  const empty =
    value === null ||
    value === undefined ||
    value === '' ||
    value === false ||
    (Array.isArray(value) && value.length === 0);
  return empty ? undefined : value;
}

/** The inner value: links to choices by id, attachments without their link. */
export function innerCell(view: CellView, row: SimRow, field: AirtableField): unknown {
  const own = row.values?.get(field.id);
  if (own !== undefined) return own;
  if (!row.generated || field.slot === null) return null;
  const hash = mix(field.slot, row.index);
  // The primary field is seldom empty; where it is, lookups of it contain null.
  if (hash % (field === view.table.fields[0] ? 64 : 8) === 0) return null;
  return generatedCell(view, row, field, hash >>> 3);
}

function servedCell(view: CellView, row: SimRow, field: AirtableField): unknown {
  const inner = () => innerCell(view, row, field);
  switch (field.type) {
    case 'singleSelect':
    case 'externalSyncSource':
      return choiceName(field, inner());
    case 'multipleSelects':
      return list(inner())
        .map((id) => choiceName(field, id))
        .filter((name) => name !== null);
    case 'multipleAttachments':
      return (list(inner()) as readonly InnerAttachment[]).map((file) => served(file, view));
    case 'count':
      return linkedRows(view, row).length;
    case 'multipleLookupValues':
      return linkedRows(view, row).map((linked) => lookedUp(view, linked));
    case 'rollup':
      return linkedRows(view, row).reduce((sum, linked) => sum + linked.index, 0) / 8;
    case 'formula':
      return formula(view, row, field);
    default:
      return ownOrComputed(view, row, field, inner);
  }
}

function ownOrComputed(
  view: CellView,
  row: SimRow,
  field: AirtableField,
  inner: () => unknown,
): unknown {
  const author = pick(view.account.people, mix(view.table.seed, row.index));
  switch (field.type) {
    case 'autoNumber':
      return row.index + 1;
    case 'createdTime':
      return isoTime(row.created);
    case 'createdBy':
      return author;
    case 'lastModifiedTime':
      return row.edited === 0 ? null : isoTime(row.edited);
    case 'lastModifiedBy':
      return row.edited === 0 ? null : pick(view.account.people, row.edited);
    case 'button':
      return {
        label: 'Open',
        url: row.index % 3 === 0 ? null : `https://example.com/${row.index}`,
      };
    default:
      return inner();
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function choiceName(field: AirtableField, id: unknown): string | null {
  return field.choices.find((choice) => choice.id === id)?.name ?? null;
}

function title(view: CellView, row: SimRow): string | null {
  const primary = view.table.fields[0];
  const value = primary && innerCell(view, row, primary);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** An item of a lookup: null where the linked cell is empty, an error where its formula failed. */
function lookedUp(view: CellView, linked: SimRow): unknown {
  const failed = view.table.awkward && linked.index % 7 === 3;
  return failed ? { error: '#ERROR!' } : title(view, linked);
}

/** The linked records that still exist, of the first link field that points at this table. */
function linkedRows(view: CellView, row: SimRow): readonly SimRow[] {
  const link = view.table.fields.find((field) => field.type === 'multipleRecordLinks');
  if (link === undefined || link.linkedTable !== view.table.id) return [];
  return list(innerCell(view, row, link)).flatMap((id) => {
    const linked = view.table.byId.get(String(id));
    return linked === undefined || linked.trashed ? [] : [linked];
  });
}

function formula(view: CellView, row: SimRow, field: AirtableField): unknown {
  switch (field.result) {
    case 'number':
      return row.index % 5 === 0 ? 0 : row.index * 1.1;
    case 'checkbox':
      return row.index % 2 === 0;
    case 'date':
      return isoTime(row.created);
    case 'error':
      return row.index % 3 === 0
        ? 1
        : { error: row.index % 3 === 1 ? '#ERROR!' : 'circular reference' };
    case 'special': {
      const specialValue = ['NaN', 'Infinity', '-Infinity'][row.index % 4];
      return specialValue === undefined ? 1.5 : { specialValue };
    }
    default:
      return `${title(view, row) ?? ''} #${row.index}`;
  }
}

/** Links to attachments live about two hours and change on every reading. */
function served(file: InnerAttachment, view: CellView): Record<string, unknown> {
  const link = (part: string) =>
    `https://v5.airtableusercontent.com/v3/u/${view.now + 7_200_000}/${mix(view.reading, 3).toString(36)}/${file.id}/${part}`;
  return {
    id: file.id,
    width: 640,
    height: 480,
    url: link('original'),
    filename: file.filename,
    size: file.size,
    type: file.type,
    thumbnails: {
      small: { url: link('small'), width: 36, height: 36 },
      large: { url: link('large'), width: 512, height: 512 },
      full: { url: link('full'), width: 3000, height: 3000 },
    },
  };
}

function generatedCell(view: CellView, row: SimRow, field: AirtableField, h: number): unknown {
  const { awkward } = view.table;
  switch (field.type) {
    case 'singleLineText':
      return seededTitle(h, awkward);
    case 'multilineText':
    case 'richText':
      return seededText(h, awkward);
    case 'number':
    case 'currency':
      return seededNumber(h, awkward);
    case 'date':
      return awkward && h % 6 === 1 ? pick(AWKWARD_DAYS, h >>> 3) : seededDay(h);
    case 'singleSelect':
    case 'externalSyncSource':
      return field.seededChoices.length === 0 ? null : pick(field.seededChoices, h);
    case 'multipleSelects':
      return [pick(field.seededChoices, h), pick(field.seededChoices, h + 1)];
    case 'multipleRecordLinks':
      return linkedIds(view, field, row.index, h);
    case 'multipleAttachments':
      return [
        {
          id: seededAirtableId('att', h, 0),
          filename: 'plan №1.pdf',
          size: h % 99_999,
          type: 'application/pdf',
        },
      ];
    case 'singleCollaborator':
      return pick(view.account.people, h);
    case 'multipleCollaborators':
      return [pick(view.account.people, h), pick(view.account.people, h + 1)];
    default:
      return simpleCell(field.type, h);
  }
}

function linkedIds(view: CellView, field: AirtableField, index: number, h: number): string[] {
  const target = findTableAnywhere(view.account, field.linkedTable ?? '')?.table.generated ?? [];
  const count = Math.min(target.length, index % 53 === 5 ? 26 : index % 211 === 4 ? 250 : h % 4);
  return Array.from({ length: count }, (_, i) => pick(target, (h >>> 5) + i).id);
}

function simpleCell(type: string, h: number): unknown {
  switch (type) {
    case 'percent':
      return (h % 1000) / 1000;
    case 'duration':
      return h % 86_400;
    case 'rating':
      return 1 + (h % 5);
    case 'checkbox':
      return h % 2 === 0;
    case 'dateTime':
      return `${seededDay(h)}T${String(h % 24).padStart(2, '0')}:30:00.000Z`;
    case 'email':
      return `user${h % 5000}@example.com`;
    case 'url':
      return `https://example.com/${h % 9973}?q=ü`;
    case 'phoneNumber':
      return `(030) ${100_000 + (h % 899_999)}`;
    case 'barcode':
      return h % 2 === 0 ? { text: String(h) } : { type: 'upce', text: String(h % 1_000_000) };
    case 'aiText':
      return aiText(h);
    case 'manualSort':
      return `a${h % 1000}`;
    default:
      return { opaque: h % 100 };
  }
}

function aiText(h: number): Record<string, unknown> {
  if (h % 4 === 0)
    return { state: 'error', isStale: false, value: null, errorType: 'emptyDependency' };
  if (h % 4 === 1) return { state: 'loading', isStale: true, value: null };
  return { state: 'generated', isStale: h % 4 === 2, value: seededTitle(h, false) };
}
