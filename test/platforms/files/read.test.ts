import { writeFile, rename, appendFile, rm, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UNIDENTIFIED } from '../../../src/contract/scan.ts';
import { createWorkplace, read, type Workplace } from './session.ts';
import { rawText } from '../../../src/platforms/values/utf8-text.ts';

let place: Workplace;
beforeEach(async () => {
  place = await createWorkplace();
});
afterEach(() => place.remove());

/** Writes a file and reads it as a source. */
async function written(
  name: string,
  content: string | Buffer,
  more: Readonly<Record<string, unknown>> = {},
) {
  await writeFile(join(place.folder, name), content);
  return read(place.connect(), place.ref({ path: name, ...more }));
}

describe('a CSV file', () => {
  it('becomes rows with types, known by its key', async () => {
    const found = await written(
      'airports.csv',
      'iata,elevation,open,since,seen,extra,zip\n' +
        'ABC,12.50,true,2024-01-31,2024-01-31T10:00:00Z,"{""a"":1}",007\n' +
        'DEF,-3,FALSE,2023-12-01,2024-01-31 10:00:00+02,[1],123\n' +
        'GHI,,,,,,\n',
      { key: 'iata' },
    );
    expect(found.types).toEqual({
      iata: 'text',
      elevation: 'numeric',
      open: 'boolean',
      since: 'date',
      seen: 'timestamptz',
      extra: 'jsonb',
      zip: 'text',
    });
    expect(found.ids).toEqual(['ABC', 'DEF', 'GHI']);
    expect(found.rows[0]).toEqual({
      iata: 'ABC',
      elevation: '12.50',
      open: 't',
      since: '2024-01-31',
      seen: '2024-01-31T10:00:00Z',
      extra: '{"a":1}',
      zip: '007',
    });
    expect(found.rows[1]).toMatchObject({ open: 'f', seen: '2024-01-31T10:00:00+02:00' });
    expect(Object.values(found.rows[2] ?? {})).toEqual(['GHI', null, null, null, null, null, null]);
    expect(found.gaps).toEqual([]);
  });

  it.each([
    ['\\n', '\n'],
    ['\\r\\n', '\r\n'],
    ['\\r', '\r'],
  ])('may end its lines with %s, and the last one with nothing', async (_, end) => {
    const found = await written('a.csv', ['id,text', '1,"two\nlines"', '', '2,b'].join(end), {
      key: 'id',
    });
    expect(found.rows).toEqual([
      { id: '1', text: 'two\nlines' },
      { id: '2', text: 'b' },
    ]);
  });

  it('may name columns twice or not at all', async () => {
    const found = await written('a.csv', '\uFEFFname, name ,,x\n1,2,3,4\n');
    expect(found.rows).toEqual([{ name: '1', name_2: '2', column_3: '3', x: '4' }]);
  });

  it('keeps lines with too few or too many cells, and says so', async () => {
    const found = await written('a.csv', 'id,b,c\n1,2\n2,3,4,5,6\n3,4,5,\n', { key: 'id' });
    expect(found.rows.map((row) => Object.values(row))).toEqual([
      ['1', '2', null],
      ['2', '3', '4'],
      ['3', '4', '5'],
    ]);
    expect(found.records.map(({ errors }) => errors)).toEqual([
      { c: 'the line has no cell for it' },
      { _raw: 'the line has more cells than there are columns (2 more)' },
      null,
    ]);
    expect(JSON.parse(rawText(found.records[1]?.raw ?? ''))).toMatchObject({ surplus: ['5', '6'] });
  });

  it('loses only the lines with a broken quote, and is not whole then', async () => {
    const found = await written(
      'a.csv',
      'id,text\n1,"fine"\n2,"bro"ken"\n3,"over\ntwo "lines"\n4,fine\n5,5" pipe\n6,"open\n7,fine\n',
      { key: 'id' },
    );
    expect(found.ids).toEqual(['1', '4', '7']);
    expect(found.rejected.map(({ id, reason, raw }) => [id, reason.slice(0, 14), raw])).toEqual([
      [null, 'line 3 has a q', expect.stringContaining('2,\\"bro')],
      [null, 'line 4 has a q', expect.stringContaining('two')],
      [null, 'line 7 has a q', expect.stringContaining('pipe')],
      [null, 'line 8 opens a', expect.stringContaining('6,\\"open')],
    ]);
    expect(found.gaps).toEqual([UNIDENTIFIED]);
  });

  it('loses a line that is longer than memory should hold, and no other', async () => {
    const long = 'x'.repeat(17_000_000);
    const found = await written('a.csv', `id,a\n1,fine\n2,${long}\n3,"open ${long}\n4,fine\n`, {
      key: 'id',
    });
    expect(found.ids).toEqual(['1', '4']);
    expect(found.rejected.map(({ reason, raw }) => [reason, raw.length < 20_000])).toEqual([
      ['line 3 is longer than 16777216 bytes', true],
      ['line 4 is longer than 16777216 bytes', true],
    ]);
    expect(found.gaps).toEqual([UNIDENTIFIED]);
  });

  it('takes quotes as they are when told so', async () => {
    const found = await written('a.tsv', 'id\ttext\n1\t5" pipe\n2\t"open\n', {
      key: 'id',
      quote: 'none',
    });
    expect(found.rows).toEqual([
      { id: '1', text: '5" pipe' },
      { id: '2', text: '"open' },
    ]);
  });

  it('replaces bytes that are no UTF-8, and says where', async () => {
    const bytes = Buffer.concat([Buffer.from('id,a,b\n1,'), Buffer.of(0xff), Buffer.from(',é\n')]);
    const found = await written('a.csv', bytes, { key: 'id' });
    expect(found.rows).toEqual([{ id: '1', a: '\uFFFD', b: 'é' }]);
    expect(found.records[0]?.errors).toEqual({ a: 'bytes that are no UTF-8 were replaced' });
  });

  it('may hold U+0000, which Postgres does not', async () => {
    const found = await written('a.csv', 'id,a\n1,x\0y\n', { key: 'id' });
    expect(found.rows).toEqual([{ id: '1', a: 'x\uFFFDy' }]);
    expect(JSON.parse(rawText(found.records[0]?.raw ?? ''))).toMatchObject({
      values: { a: 'x\0y' },
    });
  });

  it('without rows is whole; without a header it fails', async () => {
    const found = await written('header.csv', 'id,a\n', { key: 'id' });
    expect([found.rows, found.types]).toEqual([[], { id: 'text', a: 'text' }]);
    await expect(written('empty.csv', '')).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringMatching(/empty\.csv is empty: it lacks the line with the names/),
    });
  });

  it('that is not there, or lacks its key, fails with what to do', async () => {
    await expect(read(place.connect(), place.ref({ path: 'no.csv' }))).rejects.toMatchObject({
      type: 'NotFound',
    });
    await expect(written('a.csv', 'a,b\n1,2\n', { key: 'id' })).rejects.toMatchObject({
      type: 'Misconfigured',
      hint: 'its columns: a, b',
    });
  });

  it('takes the types that are given, and says which cells do not fit', async () => {
    const found = await written('a.csv', 'id,n,t\n1,007,2024-01-31T10:00\n2,x,\n', {
      key: 'id',
      types: { n: 'numeric', t: 'timestamptz' },
    });
    expect(found.rows).toEqual([
      { id: '1', n: '007', t: '2024-01-31T10:00Z' },
      { id: '2', n: null, t: null },
    ]);
    expect(found.records[1]?.errors).toEqual({ n: 'no number' });
  });
});

describe('rows', () => {
  it('without a key are known by content, and by their number among equal ones', async () => {
    const first = await written('a.csv', 'a,b\n1,x\n2,y\n1,x\n1,x\n');
    const [one = '', two = '', again, third] = first.ids;
    expect(one).toMatch(/^[0-9a-f]{40}$/);
    expect([again, third]).toEqual([`${one}-2`, `${one}-3`]);
    const second = await written('a.csv', 'a,b\n0,new\n1,x\n1,"x"\n2,y\n');
    expect(second.ids.slice(1)).toEqual([one, `${one}-2`, two]);
  });

  it('with the key of a row before them are rejected, wherever they stand', async () => {
    await writeFile(join(place.folder, 'a.csv'), 'id,a\n1,x\n2,y\n1,z\n');
    const ref = place.ref({ path: 'a.csv', key: 'id' });
    for (const batch of [1, 2, 10]) {
      const found = await read(place.connect(), ref, { batch });
      expect(found.rows).toEqual([
        { id: '1', a: 'x' },
        { id: '2', a: 'y' },
      ]);
      expect(found.rejected.map(({ id, reason }) => [id, reason])).toEqual([
        ['1', 'a row before it has the same key (id)'],
      ]);
      expect(found.gaps).toEqual([]);
    }
  });

  it('whose key is empty are rejected, and the scan is not whole', async () => {
    const found = await written('a.csv', 'id,a\n,x\n2,y\n', { key: 'id' });
    expect(found.ids).toEqual(['2']);
    expect(found.rejected.map(({ id, reason }) => [id, reason])).toEqual([
      [null, 'its key id is empty'],
    ]);
    expect(found.gaps).toEqual([UNIDENTIFIED]);
  });

  it('with a key of several columns never share one', async () => {
    const found = await written('a.csv', 'a,b\nx/y,z\nx,y/z\n', { key: ['a', 'b'] });
    expect(found.ids).toEqual(['x\\/y/z', 'x/y\\/z']);
  });
});

describe('JSON', () => {
  const objects = [
    { id: 1, name: 'a', tags: ['x'], at: '2024-01-31', mixed: 1 },
    { id: 2, name: null, tags: { y: [1, 2] }, at: '2024-02-01', mixed: 'two', more: true },
  ];

  it.each([
    ['in lines', 'a.jsonl', objects.map((one) => JSON.stringify(one)).join('\r\n')],
    ['in an array', 'a.json', JSON.stringify(objects, null, 2)],
    ['in a packed array', 'a.json.gz', gzipSync(JSON.stringify(objects))],
  ])('%s becomes rows with types', async (_, name, content) => {
    const found = await written(name, content, { key: 'id' });
    expect(found.types).toEqual({
      id: 'numeric',
      name: 'text',
      tags: 'jsonb',
      at: 'date',
      mixed: 'text',
      more: 'boolean',
    });
    expect(found.ids).toEqual(['1', '2']);
    expect(found.rows).toEqual([
      { id: '1', name: 'a', tags: '["x"]', at: '2024-01-31', mixed: '1', more: null },
      { id: '2', name: null, tags: '{"y":[1,2]}', at: '2024-02-01', mixed: 'two', more: 't' },
    ]);
  });

  it.each([
    ['in lines', 'a.jsonl', '{"id":1,"n":12345678901234567890}\n{"id":2,"n":0.1}\n'],
    ['in an array', 'a.json', '[{"id":1,"n":12345678901234567890},{"id":2,"n":0.1}]'],
  ])('%s keeps numbers that JavaScript cannot hold', async (_, name, content) => {
    const found = await written(name, content, { key: 'id' });
    expect(found.types['n']).toBe('numeric');
    expect(found.rows.map(({ n }) => n)).toEqual(['12345678901234567890', '0.1']);
  });

  it('loses only the lines that are no objects', async () => {
    const found = await written('a.jsonl', '{"id":1}\n{"id":\n[2]\n\n{"id":3}', { key: 'id' });
    expect(found.ids).toEqual(['1', '3']);
    expect(found.rejected.map(({ reason }) => reason)).toEqual([
      'line 2 is no JSON',
      'line 3 is no JSON object',
    ]);
    expect(found.gaps).toEqual([UNIDENTIFIED]);
  });

  it.each([
    ['an object', '{"a":[1]}', /is no JSON array/],
    ['cut off', '[{"id":1},{"id"', /is no whole JSON array/],
    ['empty', '[]', /holds no record/],
  ])('that is %s fails', async (_, content, message) => {
    await expect(written('a.json', content)).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringMatching(message),
    });
  });
});

describe('encodings', () => {
  const text = 'id,name\n1,Zürich €\n';
  it.each([
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`), {}],
    ['UTF-16 with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le'), {}],
    ['UTF-16 big-endian with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(), {}],
    ['UTF-16 that is named', Buffer.from(text, 'utf16le'), { encoding: 'utf-16le' }],
    [
      'Windows-1252 that is named',
      Buffer.from(text.replace('ü', '\xfc').replace('€', '\x80'), 'latin1'),
      { encoding: 'windows-1252' },
    ],
    ['packed UTF-8 with a mark', gzipSync(`\uFEFF${text}`), {}],
  ])('%s is read', async (_, content, more) => {
    const found = await written('a.csv', content, { key: 'id', ...more });
    expect(found.rows).toEqual([{ id: '1', name: 'Zürich €' }]);
  });

  it('of a packed file that is cut off are an error', async () => {
    const cut = gzipSync('id,a\n1,2\n').subarray(0, 15);
    await expect(written('a.csv.gz', cut)).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringMatching(/a\.csv\.gz cannot be unpacked/),
    });
  });
});

describe('a pattern', () => {
  it('is one source of all its files, which the rows name', async () => {
    await writeFile(join(place.folder, 'm-2.csv'), 'b,id\nz,3\n');
    await writeFile(join(place.folder, 'm-1.csv'), 'id,a\n1,x\n2,y\n');
    await writeFile(join(place.folder, 'm-3.csv'), '');
    await writeFile(join(place.folder, 'other.csv'), 'id,a\n9,x\n');
    const ref = place.ref({ path: 'm-*.csv', key: 'id' });
    for (const batch of [1, 100]) {
      const found = await read(place.connect(), ref, { batch });
      expect(found.rows).toEqual([
        { id: '1', a: 'x', b: null, _file: 'm-1.csv' },
        { id: '2', a: 'y', b: null, _file: 'm-1.csv' },
        { id: '3', a: null, b: 'z', _file: 'm-2.csv' },
      ]);
    }
  });
});

describe('a scan', () => {
  const lines = Array.from({ length: 60 }, (_, i) =>
    i % 7 === 3 ? `${i},"line\nof ""${i}"""` : i % 11 === 5 ? `${i},bro"ken` : `${i},é${i}`,
  );
  const content = `id,text\r\n${lines.join('\r\n')}\r\n`;

  it.each([
    ['a plain file', 'a.csv', Buffer.from(content)],
    ['a file that is read from a copy', 'a.csv.gz', gzipSync(content)],
  ])('of %s goes on from every position, in any process', async (_, name, bytes) => {
    await writeFile(join(place.folder, name), bytes);
    const ref = place.ref({ path: name, key: 'id' });
    const whole = await read(place.connect(), ref);
    const copies = async () => rm(place.spool, { recursive: true, force: true });
    const inSteps = await read(place.connect(), ref, {
      batch: 1,
      session: () => place.connect(),
      onBatch: copies,
    });
    expect(inSteps.batches.length).toBeGreaterThan(59);
    expect(inSteps.records).toEqual(whole.records);
    expect(inSteps.rejected).toEqual(whole.rejected);
    expect(whole.rejected.length + whole.records.length).toBe(60);
  });

  it.each([
    ['is written to', (path: string) => appendFile(path, '99,more\n')],
    [
      'is replaced by another of the same size and time',
      async (path: string) => {
        await writeFile(`${path}.new`, 'id,a\n9,x\n8,y\n');
        await rename(`${path}.new`, path);
      },
    ],
  ])('is lost when its file %s', async (_, change) => {
    const path = join(place.folder, 'a.csv');
    await writeFile(path, 'id,a\n1,x\n2,y\n');
    const ref = place.ref({ path: 'a.csv', key: 'id' });
    const reading = read(place.connect(), ref, { batch: 1, onBatch: () => change(path) });
    await expect(reading).rejects.toMatchObject({ type: 'CursorLost' });
  });

  it('of a file that is gone fails, and of one that was never there, too', async () => {
    const path = join(place.folder, 'a.csv');
    await writeFile(path, 'id,a\n1,x\n2,y\n');
    const ref = place.ref({ path: 'a.csv', key: 'id' });
    const reading = read(place.connect(), ref, { batch: 1, onBatch: () => rm(path) });
    await expect(reading).rejects.toMatchObject({ type: 'NotFound' });
    await expect(place.connect().readVersion?.(ref)).rejects.toMatchObject({ type: 'NotFound' });
  });
});

describe('the version of a file', () => {
  it('is the same while nothing changes, and another after any change, however fast', async () => {
    const path = join(place.folder, 'a.csv');
    const ref = place.ref({ path: 'a.csv' });
    const seen = new Set<string | undefined>();
    for (const content of ['a\n1\n', 'a\n2\n', 'a\n3\n', 'a\n4\n']) {
      await writeFile(path, content);
      const version = (await place.connect().readVersion?.(ref))?.version;
      expect((await place.connect().readVersion?.(ref))?.version).toBe(version);
      seen.add(version);
    }
    expect(seen.size).toBe(4);
  });
});

describe('copies', () => {
  it('of former versions go, and those of a day without use', async () => {
    let now = Date.now();
    const other = await createWorkplace(() => now);
    try {
      const ref = other.ref({ path: 'a.csv.gz' });
      for (const content of ['a\n1\n', 'a\n2\n']) {
        await writeFile(join(other.folder, 'a.csv.gz'), gzipSync(content));
        await read(other.connect(), ref);
        expect(await readdir(other.spool)).toHaveLength(1);
      }
      now += 25 * 3_600_000;
      await writeFile(join(other.folder, 'b.csv'), 'b\n1\n');
      await read(other.connect(), other.ref({ path: 'b.csv' }));
      expect(await readdir(other.spool)).toHaveLength(1);
    } finally {
      await other.remove();
    }
  });
});
