import type {
  AirtableBaseSpec,
  AirtableTableSpec,
  NotionDatabaseSpec,
  NotionPropertySpec,
  NotionSourceSpec,
  WorldSpec,
} from './world-spec.ts';

export interface DemoSource {
  readonly alias: string;
  readonly platform: 'notion' | 'airtable';
  readonly title: string;
  /** As in a catalog. */
  readonly ref:
    { readonly data_source: string } | { readonly base: string; readonly table: string };
  readonly application: string;
  readonly component: string;
  readonly vault: string;
  readonly user: string;
  readonly records: number;
}

const LEDGER = 'appSkyflowLedger1';
const OPERATIONS = 'appNorthwindOps01';

const notion = (
  place: number,
  source: Omit<DemoSource, 'platform' | 'ref' | 'alias'>,
): DemoSource => ({
  alias: slug(source.title),
  platform: 'notion',
  ref: { data_source: `5c1f10a0-0000-4000-8000-00000000000${place}` },
  ...source,
});

const airtable = (
  base: string,
  table: string,
  source: Omit<DemoSource, 'platform' | 'ref' | 'alias'>,
): DemoSource => ({
  alias: slug(source.title),
  platform: 'airtable',
  ref: { base, table },
  ...source,
});

function slug(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-');
}

/**
 * The sources of the demo, with all that a catalog says of them: two applications, three components,
 * two vaults and two users. One data source is larger than the 10,000 rows that one query gives.
 */
export const DEMO_SOURCES: readonly DemoSource[] = [
  notion(1, {
    title: 'Skyflow Artefacts',
    application: 'skyflow',
    component: 'artefact',
    vault: 'main',
    user: 'ops',
    records: 12_500,
  }),
  notion(2, {
    title: 'Skyflow Tasks',
    application: 'skyflow',
    component: 'task',
    vault: 'main',
    user: 'ops',
    records: 1_600,
  }),
  notion(3, {
    title: 'Skyflow Releases',
    application: 'skyflow',
    component: 'artefact',
    vault: 'archive',
    user: 'analyst',
    records: 240,
  }),
  notion(4, {
    title: 'Northwind Decisions',
    application: 'northwind',
    component: 'artefact',
    vault: 'archive',
    user: 'analyst',
    records: 1200,
  }),
  notion(5, {
    title: 'Northwind Wiki',
    application: 'northwind',
    component: 'task',
    vault: 'main',
    user: 'ops',
    records: 180,
  }),
  airtable(LEDGER, 'tblSkyflowInvoice', {
    title: 'Skyflow Invoices',
    application: 'skyflow',
    component: 'ledger',
    vault: 'main',
    user: 'analyst',
    records: 2600,
  }),
  airtable(OPERATIONS, 'tblNorthwindOrder', {
    title: 'Northwind Orders',
    application: 'northwind',
    component: 'ledger',
    vault: 'main',
    user: 'analyst',
    records: 1500,
  }),
  airtable(OPERATIONS, 'tblNorthwindSuppl', {
    title: 'Northwind Suppliers',
    application: 'northwind',
    component: 'ledger',
    vault: 'archive',
    user: 'ops',
    records: 320,
  }),
];

const ORDINARY: readonly NotionPropertySpec[] = [
  { name: 'Name', type: 'title' },
  { name: 'Summary', type: 'rich_text' },
  { name: 'Size', type: 'number' },
  { name: 'Status', type: 'status' },
  { name: 'Tags', type: 'multi_select' },
  { name: 'Due', type: 'date' },
  { name: 'Owners', type: 'people' },
  { name: 'Done', type: 'checkbox' },
  { name: 'Link', type: 'url' },
  { name: 'Depends on', type: 'relation' },
  { name: 'Label', type: 'formula', result: 'string' },
  { name: 'Edited', type: 'last_edited_time' },
  { name: 'Number', type: 'unique_id', prefix: 'SKY' },
];

/** Without a relation: reading long ones whole would take the largest source two more requests a page. */
const FLAT = ORDINARY.filter((property) => property.type !== 'relation');

/** The demo's world; `records` scales all sources so that they hold about so many together. */
export function demoWorld(options: { readonly records?: number } = {}): WorldSpec {
  const total = DEMO_SOURCES.reduce((sum, source) => sum + source.records, 0);
  const scale = (options.records ?? total) / total;
  return { notion: { databases: databases(scale) }, airtable: { bases: bases(scale) } };
}

function described(title: string, scale: number): DemoSource {
  const source = DEMO_SOURCES.find((candidate) => candidate.title === title);
  if (source === undefined) throw new Error(`The demo has no source "${title}"`);
  return { ...source, records: Math.max(1, Math.round(source.records * scale)) };
}

function databases(scale: number): readonly NotionDatabaseSpec[] {
  const source = (title: string, more: Partial<NotionSourceSpec> = {}): NotionSourceSpec => {
    const { ref, records } = described(title, scale);
    const id = 'data_source' in ref ? { id: ref.data_source } : {};
    return { title, records, properties: ORDINARY, ...id, ...more };
  };
  return [
    { title: 'Skyflow Artefacts', sources: [source('Skyflow Artefacts', { properties: FLAT })] },
    {
      title: 'Skyflow Board',
      sources: [source('Skyflow Tasks', { properties: 'every type' }), source('Skyflow Releases')],
    },
    { title: 'Northwind Decisions', sources: [source('Northwind Decisions')] },
    {
      title: 'Northwind Wiki',
      sources: [source('Northwind Wiki', { wiki: ['Northwind Decisions'] })],
    },
  ];
}

function bases(scale: number): readonly AirtableBaseSpec[] {
  const table = (title: string, fields: 'every type' | 'few'): AirtableTableSpec => {
    const { ref, records } = described(title, scale);
    const id = 'table' in ref ? { id: ref.table } : {};
    return { title, records, fields, ...id };
  };
  return [
    { name: 'Skyflow Ledger', id: LEDGER, tables: [table('Skyflow Invoices', 'few')] },
    {
      name: 'Northwind Operations',
      id: OPERATIONS,
      tables: [table('Northwind Orders', 'every type'), table('Northwind Suppliers', 'few')],
    },
  ];
}
