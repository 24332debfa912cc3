import type {
  AirtableFieldSpec,
  AirtableTableSpec,
  NotionPropertySpec,
  NotionSourceSpec,
  WorldSpec,
} from '../src/sim/world-spec.ts';

/** A source that is measured, as the catalog, the simulator and the scripts know it. */
export interface BenchSource {
  readonly platform: 'notion' | 'airtable';
  readonly alias: string;
  readonly ref: Readonly<Record<string, string>>;
  readonly records: number;
  /** What the simulator finds it by. */
  readonly simulatorName: string;
}

export interface BenchWorld {
  readonly spec: WorldSpec;
  readonly sources: readonly BenchSource[];
}

/** Every source has a `Name` and the number `Points`, which are sampled. Ten properties as an ordinary tracker has them. */
export const TEN_PROPERTIES: readonly NotionPropertySpec[] = [
  { name: 'Name', type: 'title' },
  { name: 'Notes', type: 'rich_text' },
  { name: 'Points', type: 'number' },
  { name: 'Stage', type: 'select' },
  { name: 'Tags', type: 'multi_select' },
  { name: 'Status', type: 'status' },
  { name: 'Due', type: 'date' },
  { name: 'Done', type: 'checkbox' },
  { name: 'E-mail', type: 'email' },
  { name: 'Link', type: 'url' },
];

/** Twelve fields, among them the one by which an incremental read asks. */
export const TWELVE_FIELDS: readonly AirtableFieldSpec[] = [
  { name: 'Name', type: 'singleLineText' },
  { name: 'Notes', type: 'multilineText' },
  { name: 'Points', type: 'number' },
  { name: 'Price', type: 'currency' },
  { name: 'Stage', type: 'singleSelect' },
  { name: 'Tags', type: 'multipleSelects' },
  { name: 'Due', type: 'date' },
  { name: 'Met', type: 'dateTime' },
  { name: 'Done', type: 'checkbox' },
  { name: 'E-mail', type: 'email' },
  { name: 'Link', type: 'url' },
  { name: 'Last modified', type: 'lastModifiedTime' },
];

export interface SourcesWanted {
  /** Begins their aliases; of two worlds that are joined, each has its own. */
  readonly prefix: string;
  readonly count: number;
  readonly records: number;
}

/** So many data sources, each in a database of its own. */
export function notionWorld(
  { prefix, count, records }: SourcesWanted,
  properties: NonNullable<NotionSourceSpec['properties']> = TEN_PROPERTIES,
): BenchWorld {
  const made = Array.from({ length: count }, (_, place) => {
    const alias = `${prefix}-${place + 1}`;
    const number = (prefixNumber(prefix) * 10_000 + place).toString(16).padStart(12, '0');
    return { alias, id: `5c1f10a0-0000-4000-8000-${number}` };
  });
  return {
    spec: {
      notion: {
        databases: made.map(({ alias, id }) => ({
          title: alias,
          sources: [{ title: alias, id, records, properties }],
        })),
      },
    },
    sources: made.map(({ alias, id }) => ({
      platform: 'notion',
      alias,
      ref: { data_source: id },
      records,
      simulatorName: id,
    })),
  };
}

/** So many tables: all in one base, which shares one budget, or each in its own. */
export function airtableWorld(
  { prefix, count, records }: SourcesWanted,
  bases: 'one base' | 'a base each' = 'a base each',
): BenchWorld {
  const made = Array.from({ length: count }, (_, place) => ({
    alias: `${prefix}-${place + 1}`,
    base: airtableId('app', bases === 'one base' ? 0 : place),
    table: airtableId('tbl', place),
  }));
  const tableSpec = ({ alias, table }: (typeof made)[number]): AirtableTableSpec => ({
    title: alias,
    id: table,
    records,
    fields: TWELVE_FIELDS,
  });
  return {
    spec: {
      airtable: {
        bases: [...new Set(made.map(({ base }) => base))].map((id) => ({
          name: `Base ${id}`,
          id,
          tables: made.filter(({ base }) => base === id).map(tableSpec),
        })),
      },
    },
    sources: made.map(({ alias, base, table }) => ({
      platform: 'airtable',
      alias,
      ref: { base, table },
      records,
      simulatorName: table,
    })),
  };
}

/** Both in one world. */
export function joinWorlds(...worlds: readonly BenchWorld[]): BenchWorld {
  return {
    spec: {
      notion: { databases: worlds.flatMap(({ spec }) => spec.notion?.databases ?? []) },
      airtable: { bases: worlds.flatMap(({ spec }) => spec.airtable?.bases ?? []) },
    },
    sources: worlds.flatMap(({ sources }) => sources),
  };
}

/** A number of its own for each prefix, so that ids of two worlds that are joined differ. */
const prefixNumber = (prefix: string) =>
  Array.from(prefix).reduce((sum, letter, place) => sum + letter.charCodeAt(0) * (place + 1), 0);

const airtableId = (kind: 'app' | 'tbl', place: number) =>
  `${kind}Bench${String(place).padStart(9, '0')}`;
