/** What a simulated world consists of. Everything not given is derived from the seed. */
export interface WorldSpec {
  readonly notion?: NotionSpec;
  readonly airtable?: AirtableSpec;
}

/** Tokens that work when a world names none. */
export const NOTION_TOKEN = 'ntn_simulated_0001';
export const AIRTABLE_TOKEN = 'pat_simulated_0001';

export interface NotionSpec {
  readonly tokens?: readonly NotionTokenSpec[];
  readonly databases: readonly NotionDatabaseSpec[];
}

export interface NotionTokenSpec {
  readonly token: string;
  readonly name?: string;
  /** Titles or ids of the data sources that are shared with it; absent: all. */
  readonly shares?: readonly string[];
  /** What it may see of people: nothing (403), names, or names and e-mail addresses. */
  readonly users?: 'none' | 'names' | 'emails';
}

export interface NotionDatabaseSpec {
  readonly title: string;
  readonly id?: string;
  readonly sources: readonly NotionSourceSpec[];
}

export interface RecordsSpec {
  readonly title: string;
  readonly records: number;
  /** Times of creation are spread between these two. */
  readonly from?: string;
  readonly to?: string;
  /** So many of the records are created within one minute. */
  readonly sameMinute?: number;
  /** Also values that are legal and awkward: U+0000, lone surrogates, 1e21, 60 mentions, … */
  readonly awkward?: boolean;
}

export interface NotionSourceSpec extends RecordsSpec {
  readonly id?: string;
  /** Absent: one or more properties of every type. `few`: eight ordinary ones. */
  readonly properties?: 'every type' | 'few' | readonly NotionPropertySpec[];
  /** Titles of data sources that appear among the rows, as in a wiki. */
  readonly wiki?: readonly string[];
}

export interface NotionPropertySpec {
  readonly name: string;
  /** A Notion property type; an unknown one is served as it is, with an opaque value. */
  readonly type: string;
  readonly id?: string;
  readonly options?: readonly string[];
  /** relation: title or id of the target; absent: the same data source. */
  readonly to?: string;
  /** formula: type of its result. */
  readonly result?: 'string' | 'number' | 'boolean' | 'date';
  /**
   * rollup: how it aggregates the first relation. `incomplete` is not computed to its end, `unsupported`
   * stands where the token does not see what is rolled up.
   */
  readonly function?:
    'count' | 'sum' | 'show_original' | 'earliest_date' | 'incomplete' | 'unsupported';
  readonly prefix?: string;
  readonly format?: string;
}

export interface AirtableSpec {
  readonly tokens?: readonly AirtableTokenSpec[];
  readonly bases: readonly AirtableBaseSpec[];
}

export interface AirtableTokenSpec {
  readonly token: string;
  /** Names or ids of bases; absent: all. */
  readonly shares?: readonly string[];
  /** Without `schema.bases:read` the metadata is forbidden, without `data.records:read` the records. */
  readonly scopes?: readonly string[];
}

export interface AirtableBaseSpec {
  readonly name: string;
  readonly id?: string;
  readonly tables: readonly AirtableTableSpec[];
}

export interface AirtableTableSpec extends RecordsSpec {
  readonly id?: string;
  readonly fields?: 'every type' | 'few' | readonly AirtableFieldSpec[];
}

export interface AirtableFieldSpec {
  readonly name: string;
  /** An Airtable field type; an unknown one is served as it is, with an opaque value. */
  readonly type: string;
  readonly id?: string;
  readonly choices?: readonly string[];
  /** multipleRecordLinks: name or id of the linked table; absent: the same table. */
  readonly to?: string;
  /** formula: type of its result; `error` and `special` give the API's error objects. */
  readonly result?: 'text' | 'number' | 'checkbox' | 'date' | 'error' | 'special';
}

/** A world of one source per title, each with so many records of every type. */
export function simpleWorld(records: {
  readonly notion?: Readonly<Record<string, number>>;
  readonly airtable?: Readonly<Record<string, number>>;
}): WorldSpec {
  return {
    notion: {
      databases: Object.entries(records.notion ?? {}).map(([title, count]) => ({
        title,
        sources: [{ title, records: count }],
      })),
    },
    airtable: {
      bases: Object.entries(records.airtable ?? {}).map(([title, count]) => ({
        name: `${title} base`,
        tables: [{ title, records: count }],
      })),
    },
  };
}
