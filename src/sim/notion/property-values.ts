import { floorToMinute, isoTime } from '../clock.ts';
import type { SimRow } from '../rows.ts';
import { mix, pick } from '../seeded.ts';
import { emptyValue, generatedValue } from './generated-values.ts';
import type { InnerFile } from './generated-values.ts';
import { isRichText, plainText, richText } from './rich-text.ts';
import type { NotionProperty } from './properties.ts';
import { fullUser } from './users.ts';
import { dataSourceOfPage } from './workspace.ts';
import type { NotionDataSource, NotionWorkspace } from './workspace.ts';

/** What a rendering depends on besides the row. */
export interface ValueView {
  readonly workspace: NotionWorkspace;
  readonly now: number;
  /** Differs on every reading: part of the signatures of files. */
  readonly reading: number;
  readonly exactTimes: boolean;
}

/** A cell's inner value: its own, else the generated one, else empty. */
export function innerValue(
  workspace: NotionWorkspace,
  source: NotionDataSource,
  row: SimRow,
  property: NotionProperty,
): unknown {
  const own = row.values?.get(property.id);
  if (own !== undefined) return own;
  return row.generated
    ? generatedValue(workspace, source, row, property)
    : emptyValue(property.type);
}

/** A cell as the API gives it under the name of its type, whole. */
export function propertyValue(
  view: ValueView,
  source: NotionDataSource,
  row: SimRow,
  property: NotionProperty,
): unknown {
  const inner = () => innerValue(view.workspace, source, row, property);
  switch (property.type) {
    case 'select':
    case 'status':
      return option(property, inner());
    case 'multi_select':
      return list(inner())
        .map((id) => option(property, id))
        .filter((found) => found !== null);
    case 'relation':
      return list(inner()).map((id) => ({ id }));
    case 'files':
      return (list(inner()) as readonly InnerFile[]).map((file) => servedFile(file, view));
    case 'formula':
      return formula(view, source, row, property);
    case 'rollup':
      return rollup(view, source, row, property);
    case 'unique_id':
      return { prefix: property.prefix, number: row.index + 1 };
    case 'created_time':
    case 'last_edited_time':
      return pageTime(property.type === 'created_time' ? row.created : row.edited, view);
    case 'created_by':
      return fullUser(pick(view.workspace.users, mix(source.seed, row.index)));
    case 'last_edited_by':
      return fullUser(pick(view.workspace.users, mix(source.seed, row.index) + (row.edited % 7)));
    default:
      return inner();
  }
}

/** Times of pages are floored to the minute, as measured on every recorded one. */
export const pageTime = (ms: number, view: Pick<ValueView, 'exactTimes'>) =>
  isoTime(view.exactTimes ? ms : floorToMinute(ms));

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function option(property: NotionProperty, id: unknown): unknown {
  const found = property.options.find((candidate) => candidate.id === id);
  return found === undefined ? null : { id: found.id, name: found.name, color: found.color };
}

export const FILE_HOST = 'https://prod-files-secure.s3.us-west-2.amazonaws.com';

/** What is added to the address of a hosted file; it differs on every reading. */
export function signature(view: ValueView): string {
  const stamp = isoTime(view.now).replace(/[-:]|\.\d+/g, '');
  return `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=${stamp}&X-Amz-Expires=3600&X-Amz-Signature=${mix(view.reading, 5).toString(16)}&x-id=GetObject`;
}

/** Hosted files have a signed URL that lives an hour and differs on every reading. */
function servedFile(file: InnerFile, view: ValueView): unknown {
  if (file.external !== null) {
    return { name: file.name, type: 'external', external: { url: file.external } };
  }
  const path = `${view.workspace.id}/${file.key}/${encodeURIComponent(file.name)}`;
  return {
    name: file.name,
    type: 'file',
    file: {
      url: `${FILE_HOST}/${path}?${signature(view)}`,
      expiry_time: isoTime(view.now + 3_600_000),
    },
  };
}

function firstOf(source: NotionDataSource, type: string): NotionProperty | undefined {
  return source.properties.find((property) => property.type === type);
}

export function titleOf(workspace: NotionWorkspace, source: NotionDataSource, row: SimRow): string {
  const property = firstOf(source, 'title');
  const value = property && innerValue(workspace, source, row, property);
  return isRichText(value) ? plainText(value) : '';
}

function numberOf(view: ValueView, source: NotionDataSource, row: SimRow): number | null {
  const property = firstOf(source, 'number');
  const value = property && innerValue(view.workspace, source, row, property);
  return typeof value === 'number' ? value : null;
}

/** Formulas are computed from the title, the first number and the time of creation. */
function formula(
  view: ValueView,
  source: NotionDataSource,
  row: SimRow,
  property: NotionProperty,
): unknown {
  const number = numberOf(view, source, row);
  switch (property.formula) {
    case 'number': {
      const doubled = (number ?? 0) * 2;
      const isNumber = number !== null && Number.isFinite(doubled);
      return { type: 'number', number: isNumber ? doubled : null };
    }
    case 'boolean':
      return { type: 'boolean', boolean: (number ?? 0) > 100 };
    case 'date': {
      const start = pageTime(row.created, view).replace('Z', '+00:00');
      return { type: 'date', date: number === null ? null : { start, end: null, time_zone: null } };
    }
    default: {
      const title = titleOf(view.workspace, source, row);
      return { type: 'string', string: title === '' ? null : `${title} (${number ?? '–'})` };
    }
  }
}

function relatedRows(view: ValueView, source: NotionDataSource, row: SimRow) {
  const relation = firstOf(source, 'relation');
  if (relation === undefined) return [];
  const target = view.workspace.dataSources.get(relation.relation?.dataSourceId ?? '');
  return list(innerValue(view.workspace, source, row, relation)).flatMap((id) => {
    const known = target?.byId.get(String(id));
    if (target !== undefined && known !== undefined) return [{ source: target, row: known }];
    const elsewhere = dataSourceOfPage(view.workspace, String(id));
    return elsewhere === undefined ? [] : [elsewhere];
  });
}

/** Rollups aggregate the first relation: numbers and dates as one value, originals as an array. */
function rollup(
  view: ValueView,
  source: NotionDataSource,
  row: SimRow,
  property: NotionProperty,
): unknown {
  const related = relatedRows(view, source, row);
  switch (property.rollup) {
    case 'count':
      return { type: 'number', number: related.length, function: 'count' };
    case 'sum': {
      const numbers = related.map((other) => numberOf(view, other.source, other.row) ?? 0);
      const sum = numbers.length === 0 ? null : numbers.reduce((a, b) => a + b, 0);
      return { type: 'number', number: sum, function: 'sum' };
    }
    case 'earliest_date': {
      const first = related.map((other) => other.row.created).sort((a, b) => a - b)[0];
      const start = first === undefined ? '' : pageTime(first, view).replace('Z', '+00:00');
      const date = first === undefined ? null : { start, end: null, time_zone: null };
      return { type: 'date', date, function: 'earliest_date' };
    }
    case 'incomplete':
    case 'unsupported':
      return { type: property.rollup, [property.rollup]: {}, function: 'show_original' };
    default: {
      const array = related.map((other) => ({
        type: 'title',
        title: richText(titleOf(view.workspace, other.source, other.row)),
      }));
      return { type: 'array', array, function: 'show_original' };
    }
  }
}
