import { SyncFailure } from '../../src/errors.ts';
import { inSession, inBatches, type Flaw } from './flawed-platforms.ts';

const laterBy = (time: string | null, ms: number) =>
  time === null ? null : new Date(Date.parse(time) + ms).toISOString();

export const CHANGE_FLAWS: readonly Flaw[] = [
  {
    name: 'edits that are asked for since too late a time',
    check: 'an incremental scan misses no edit and no new record',
    says: 'to give what edit() changed later; seen: missing: 1 of 1 (e3)',
    breaks: inSession((session) => ({
      fetchBatch: (request) =>
        session.fetchBatch({ ...request, since: laterBy(request.since, 120_000) }),
    })),
  },
  {
    name: 'new records that count as not edited',
    check: 'an incremental scan since long ago is a whole one',
    says: 'missing: 12 of 12',
    breaks: inBatches((batch, { mode }) =>
      mode === 'full'
        ? batch
        : {
            ...batch,
            records: batch.records.filter(({ created_at, edited_at }) => created_at !== edited_at),
          },
    ),
  },
  {
    name: 'a watermark that may not lie in the future',
    check: 'a watermark in the future gives nothing and does not fail',
    says: 'no such time yet',
    breaks: inBatches((batch, { since }) => {
      if (since === null || since < '2026-03-02') return batch;
      throw new SyncFailure('BadRequest', 'no such time yet');
    }),
  },
  {
    name: 'a version that counts questions',
    check: 'versions stay while nothing changes',
    says: 'expected the version 1 as long as nothing changes; seen: 3',
    breaks: (platform) => {
      let asked = 0;
      return inSession(() => ({
        readVersion: async () => ({
          version: String((asked += 1)),
          server_time: '2026-03-01T10:00:00.000Z',
        }),
      }))(platform);
    },
  },
  {
    name: 'a version that never changes',
    check: 'versions change with every kind of change',
    says: 'expected another version after edit()',
    breaks: inSession(() => ({
      readVersion: async () => ({ version: '1', server_time: '2026-03-01T10:00:00.000Z' }),
    })),
  },
  {
    name: 'fields that are known beforehand',
    check: 'a new field is described, the others as before',
    says: 'expected 4 fields after addField(); seen: 3',
    breaks: inSession((session) => ({
      describe: async (ref) => {
        const schema = await session.describe(ref);
        return { ...schema, fields: schema.fields.slice(0, 3) };
      },
    })),
  },
  {
    name: 'names as field ids',
    check: 'field ids survive a rename',
    says: 'Title gone',
    breaks: inSession((session) => ({
      describe: async (ref) => {
        const schema = await session.describe(ref);
        return { ...schema, fields: schema.fields.map((field) => ({ ...field, id: field.name })) };
      },
    })),
  },
  {
    name: 'values that are found by name',
    check: 'a rename during a scan moves no value',
    says: 'others in Title',
    breaks: inSession((session) => ({
      fetchBatch: async (request) => {
        const { fields } = await session.describe(request.ref);
        const names = new Set(fields.map(({ name }) => name));
        const batch = await session.fetchBatch(request);
        const keep = (value: string | null, at: number) =>
          names.has(request.columns[at]?.name ?? '') ? value : null;
        const records = batch.records.map((record) => ({
          ...record,
          values: record.values.map(keep),
        }));
        return { ...batch, records };
      },
    })),
  },
  {
    name: 'any type taken for a number',
    check: 'a type that is not known is kept as jsonb or text',
    says: 'expected Oracle of the unknown type oracle as jsonb or text; seen: numeric',
    breaks: inSession((session) => ({
      describe: async (ref) => {
        const schema = await session.describe(ref);
        const fields = schema.fields.map((field) =>
          field.type === 'oracle' ? { ...field, column_type: 'numeric' as const } : field,
        );
        return { ...schema, fields };
      },
    })),
  },
];
