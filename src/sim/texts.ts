import { mix, pick } from './seeded.ts';

const SUBJECTS = [
  'Ingest',
  'Billing',
  'Search',
  'Export',
  'Login',
  'Dashboard',
  'Archive',
  'Scheduler',
];
const VERBS = ['refactor', 'draft', 'review', 'migrate', 'measure', 'document', 'replace', 'test'];
const OBJECTS = ['pipeline', 'invoice', 'index', 'report', 'session', 'widget', 'backup', 'queue'];

/** Texts that break what is careless: quotes, scripts, joiners, directions, line ends, SQL, long ones. */
const UNUSUAL = [
  'Übergrößenträger — naïve café №5',
  '日本語のタイトル（テスト）',
  'مرحبا بالعالم \u202eRTL\u202c mark',
  '👨‍👩‍👧 family, 🏳️‍🌈 flag, e\u0301 combined',
  'it\'s "quoted", \\back\\slashed, `ticked` and 100 %',
  'line one\r\nline two\n\ttabbed',
  '{"json": [1, 2]}, {a,b}, NULL, \\N, \\.',
  "'); drop table tasks; --",
  '  leading and trailing  ',
];

/** Legal in JSON and refused by Postgres text, or close to it. */
const AWKWARD = ['nul\u0000byte', 'lone \ud83d surrogate', '\udc00', '\u0000', '\ufeffbom'];

/** A short title, the same for the same hash. One in sixteen is unusual. */
export function seededTitle(hash: number, awkward: boolean): string {
  if (awkward && hash % 23 === 0) return pick(AWKWARD, hash >>> 8);
  if (hash % 16 === 1) return pick(UNUSUAL, hash >>> 8);
  const subject = pick(SUBJECTS, hash >>> 3);
  return `${subject}: ${pick(VERBS, hash >>> 7)} ${pick(OBJECTS, hash >>> 11)} ${hash % 10_000}`;
}

/** 100,000 characters, as many as an Airtable cell takes; Notion gives them in fifty items. */
const LONGEST = 'ten\tchars\r\n🙂'.repeat(10_000).slice(0, 100_000);

/** A longer text; now and then several thousand characters. */
export function seededText(hash: number, awkward: boolean): string {
  if (awkward && hash % 89 === 7) return LONGEST;
  const sentences = hash % 97 === 0 ? 150 : 1 + (hash % 4);
  return Array.from({ length: sentences }, (_, i) => seededTitle(mix(hash, i), awkward)).join('. ');
}

const NUMBERS = [
  0,
  -1,
  0.1 + 0.2,
  0.29999999999999877,
  123123871234.33,
  9007199254740991,
  1e-7,
  -0.5,
];
/** The third to last is what JSON.parse makes of 9007199254740993. */
const AWKWARD_NUMBERS = [1e21, -1e300, 9007199254740992, 5e-324, 1.7976931348623157e308];

export function seededNumber(hash: number, awkward: boolean): number {
  if (awkward && hash % 29 === 0) return pick(AWKWARD_NUMBERS, hash >>> 8);
  if (hash % 8 === 1) return pick(NUMBERS, hash >>> 8);
  return hash % 3 === 0 ? (hash % 1_000_000) / 100 : hash % 1000;
}

const DAY = 86_400_000;

/** The ends of the calendar, and a day that no calendar has. */
export const AWKWARD_DAYS = ['0001-01-01', '9999-12-31', '2026-02-30', '2024-02-29'];

/** Some day between 2020 and 2029, `YYYY-MM-DD`. */
export function seededDay(hash: number): string {
  return new Date(Date.UTC(2020, 0, 1) + (hash % 3650) * DAY).toISOString().slice(0, 10);
}
