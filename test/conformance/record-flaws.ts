import { SyncFailure } from '../../src/errors.ts';
import { inSession, inBatches, type Flaw } from './flawed-platforms.ts';
import { rawText } from '../../src/platforms/values/utf8-text.ts';

export const RECORD_FLAWS: readonly Flaw[] = [
  {
    name: 'stored records with another hash',
    check: 'stored records convert to what was listed',
    says: 'createConverter to make of raw what fetchBatch gave; seen: other content: 12 of 12',
    breaks: (platform) => ({
      ...platform,
      createConverter: (columns, ref) => {
        const convert = platform.createConverter(columns, ref);
        return (record) => ({ ...convert(record), hash: 'as stored' });
      },
    }),
  },
  {
    name: 'hashes of the text',
    check: 'stored records convert to what was listed',
    says: 'in whatever order keys come (jsonb keeps none); seen: another of 12 records',
    breaks: (platform) => {
      const listed = inBatches((batch) => ({
        ...batch,
        records: batch.records.map((record) => ({ ...record, hash: rawText(record.raw) })),
      }))(platform);
      return {
        ...listed,
        createConverter: (columns, ref) => {
          const convert = platform.createConverter(columns, ref);
          return (record) => ({ ...convert(record), hash: JSON.stringify(record) });
        },
      };
    },
  },
  {
    name: 'reasons that quote the record',
    check: 'odd records become a whole row or none, and are not quoted',
    says: 'reasons that quote no value',
    breaks: (platform) => ({
      ...platform,
      createConverter: (columns, ref) => {
        const convert = platform.createConverter(columns, ref);
        return (record) => {
          try {
            return convert(record);
          } catch {
            throw new SyncFailure('InvalidAnswer', `cannot convert ${JSON.stringify(record)}`);
          }
        };
      },
    }),
  },
  {
    name: 'one odd record that ends the batch',
    check: 'a record that cannot be converted is rejected, the others are read',
    says: 'an odd one',
    breaks: inBatches((batch) => {
      if (batch.rejected.length === 0) return batch;
      throw new SyncFailure('InvalidAnswer', 'an odd one');
    }),
  },
  {
    name: 'everything in the trash',
    check: 'locate finds what is listed, as it is listed',
    says: 'expected e1, which is listed, to be present; seen: trashed',
    breaks: inSession(() => ({
      locate: async (_ref, ids) => new Map(ids.map((id) => [id, { state: 'trashed' }])),
    })),
  },
  {
    name: 'no entry for what is gone',
    check: 'locate has an entry for what is gone or never was',
    says: 'expected an entry for no such record; seen: none',
    breaks: inSession((session) => ({
      locate: async (ref, ids, columns) => {
        const found = await session.locate?.(ref, ids, columns);
        return new Map([...(found ?? [])].filter(([, { state }]) => state === 'present'));
      },
    })),
  },
  {
    name: 'whole values that are cut, too',
    check: 'readValue gives the whole of values that were cut short',
    says: 'expected all of Tags of e3',
    breaks: inSession(() => ({ readValue: async () => ({ text: '{a}' }) })),
  },
  {
    name: 'nothing that was ever edited',
    check: 'editedSince names the records that were edited',
    says: 'expected the record that was edited',
    breaks: inSession(() => ({ editedSince: async () => new Set() })),
  },
  {
    name: 'samples that are of everything',
    check: 'listFrom gives the records created since',
    says: 'not expected: 6',
    breaks: inSession((session) => ({
      listFrom: () => session.planScan({ ref: {}, mode: 'full', since: null })[0] as never,
    })),
  },
  {
    name: 'content of the moment',
    check: 'readContent gives content, and the same again',
    says: 'expected the same content of e1 again',
    breaks: (platform) => {
      let n = 0;
      return inSession(() => ({
        readContent: async () => ({
          text: `# ${(n += 1)}`,
          note: null,
          read_at: '2026-03-01T10:00:00.000Z',
        }),
      }))(platform);
    },
  },
];
