import type { SimRow } from '../rows.ts';
import { mix, pick, seededUuid } from '../seeded.ts';
import { AWKWARD_DAYS, seededDay, seededNumber, seededText, seededTitle } from '../texts.ts';
import type { NotionProperty } from './properties.ts';
import { equation, richText, userMention } from './rich-text.ts';
import type { RichText } from './rich-text.ts';
import { fullUser, partialUser } from './users.ts';
import type { NotionDataSource, NotionWorkspace } from './workspace.ts';

/** A file before it is served: the signature of a hosted one is made anew for every reading. */
export interface InnerFile {
  readonly name: string;
  readonly external: string | null;
  readonly key: string;
}

/**
 * The inner value of a cell that nobody edited. Inner means: options by id, relations whole, files
 * unsigned; everything else as the API shows it.
 */
export function generatedValue(
  workspace: NotionWorkspace,
  source: NotionDataSource,
  row: SimRow,
  property: NotionProperty,
): unknown {
  if (property.slot === null) return emptyValue(property.type);
  const hash = mix(property.slot, row.index);
  const empty = hash % 8 === 0;
  if (empty && property.type !== 'title') return emptyValue(property.type);
  const h = hash >>> 3;
  switch (property.type) {
    case 'title':
      return hash % 64 === 0 ? [] : richText(seededTitle(h, source.awkward));
    case 'rich_text':
      return notes(workspace, h, source.awkward);
    case 'number':
      return seededNumber(h, source.awkward);
    case 'select':
    case 'status':
      return property.seededOptions.length === 0 ? null : pick(property.seededOptions, h);
    case 'multi_select':
      return severalOptions(property, h);
    case 'relation':
      return relatedIds(workspace, property, h, row.index);
    case 'people':
      return people(workspace, h, row.index, source.awkward);
    case 'date':
      return source.awkward && h % 6 === 1 ? awkwardDate(h >>> 3) : date(h);
    default:
      return simpleValue(property.type, h, workspace);
  }
}

function simpleValue(type: string, h: number, workspace: NotionWorkspace): unknown {
  switch (type) {
    case 'files':
      return files(h);
    case 'checkbox':
      return h % 2 === 0;
    case 'url':
      return `https://example.com/${h % 9973}?q=a%20b&x=ü`;
    case 'email':
      return `user${h % 5000}@example.com`;
    case 'phone_number':
      return `+49 30 ${100000 + (h % 899999)}`;
    case 'verification':
      return verification(h, workspace);
    case 'place':
      return place(h);
    case 'button':
      return {};
    default:
      return { opaque: h % 100 };
  }
}

/** What a cell holds that was never filled. A checkbox is false; lists are empty, the rest is null. */
export function emptyValue(type: string): unknown {
  if (type === 'checkbox') return false;
  if (type === 'button') return {};
  return ['title', 'rich_text', 'multi_select', 'relation', 'people', 'files'].includes(type)
    ? []
    : null;
}

function notes(workspace: NotionWorkspace, h: number, awkward: boolean): RichText[] {
  const person = pick(workspace.users, h);
  if (awkward && h % 101 === 3) {
    return Array.from({ length: 60 }, (_, i) => userMention(pick(workspace.users, h + i)));
  }
  const text = richText(seededText(h, awkward), h % 5 === 0);
  if (h % 11 === 0) text.push(userMention(person));
  if (h % 13 === 0) text.push(equation('e = mc^2'));
  return text;
}

function severalOptions(property: NotionProperty, h: number): string[] {
  const options = property.seededOptions;
  const count = Math.min(1 + (h % 3), options.length);
  return Array.from({ length: count }, (_, i) => pick(options, h + i));
}

/** Mostly a few; at known places exactly 25, 26 and 250, around the length where lists cut. */
function relatedIds(
  workspace: NotionWorkspace,
  property: NotionProperty,
  h: number,
  index: number,
): string[] {
  const target = workspace.dataSources.get(property.relation?.dataSourceId ?? '')?.generated ?? [];
  const count = Math.min(target.length, relatedCount(index, h));
  return Array.from({ length: count }, (_, i) => pick(target, (h >>> 5) + i).id);
}

function relatedCount(index: number, h: number): number {
  if (index % 211 === 4) return 250;
  if (index % 53 === 5) return 26;
  if (index % 53 === 6) return 25;
  return h % 4;
}

function people(
  workspace: NotionWorkspace,
  h: number,
  index: number,
  awkward: boolean,
): Record<string, unknown>[] {
  const count = awkward && index % 97 === 7 ? 30 : 1 + (h % 3);
  const users = Array.from({ length: count }, (_, i) => fullUser(pick(workspace.users, h + i)));
  // Someone whom the token cannot see has no name, and a group is no user.
  if (h % 17 === 0) users.push(partialUser(seededUuid(h, 1)));
  if (h % 19 === 0) users.push({ object: 'group', id: seededUuid(h, 2), name: 'Operators' });
  return users;
}

function date(h: number): Record<string, unknown> {
  const day = seededDay(h);
  const none = { end: null, time_zone: null };
  switch (h % 5) {
    case 0:
      return { start: `${day}T18:01:00.000+01:00`, ...none };
    case 1:
      return { start: day, end: seededDay(h + 3), time_zone: null };
    case 2:
      return { start: `${day}T02:30:00.000+05:45`, end: null, time_zone: 'Asia/Kathmandu' };
    default:
      return { start: day, ...none };
  }
}

/** A range that ends before it starts, a time that a clock skips in spring, the ends of the calendar. */
function awkwardDate(h: number): Record<string, unknown> {
  switch (h % 4) {
    case 0:
      return { start: '2026-05-02', end: '2026-05-01', time_zone: null };
    case 1:
      return { start: '2026-03-29T02:30:00.000', end: null, time_zone: 'Europe/Berlin' };
    default:
      return { start: pick(AWKWARD_DAYS, h >>> 2), end: null, time_zone: null };
  }
}

function files(h: number): InnerFile[] {
  const count = 1 + (h % 2);
  return Array.from({ length: count }, (_, i) => {
    const hosted = (h + i) % 3 !== 0;
    return {
      name: `screen ${i + 1}.png`,
      external: hosted ? null : `https://example.com/files/${h % 1000}.png`,
      key: seededUuid(h, i),
    };
  });
}

function verification(h: number, workspace: NotionWorkspace): Record<string, unknown> {
  if (h % 3 === 0) return { state: 'unverified', verified_by: null, date: null };
  return {
    state: h % 3 === 1 ? 'verified' : 'expired',
    verified_by: fullUser(pick(workspace.users, h)),
    date: { start: `${seededDay(h)}T15:00:00.000Z`, end: null, time_zone: null },
  };
}

const place = (h: number) => ({
  lat: (h % 18_000) / 100 - 90,
  lon: (h % 36_000) / 100 - 180,
  name: null,
  address: `${h % 200} Example Street`,
  aws_place_id: null,
  google_place_id: null,
});
