import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareWithTruth } from '../../src/dev/compare-with-truth.ts';
import { startInstallation, type TestInstallation } from '../support/installation.ts';

const DROP = '"; drop table notion.bystander; drop schema appsync cascade; --';
/** As a title, with words around it: the test makes an alias of it. */
const TITLE = `Rows "; drop table notion.bystander; -- x`;
const HOSTILE = [
  DROP,
  `'); drop table notion.bystander; --`,
  `$1 $2 $$ $tag$ \\' \\\\ E'\\x00'`,
  'select', // a reserved word
  `"double" 'single' \`back\` {curly} [square]`,
  '名前 ‮ \u{1F4A3} Ω',
  'long '.repeat(40).trim(),
  `xmin`,
  `%s %I %L ?::text \n\t`,
];

let installation: TestInstallation;

beforeAll(async () => {
  installation = await startInstallation({
    world: {
      notion: {
        databases: [
          {
            title: TITLE,
            sources: [
              {
                title: TITLE,
                records: 60,
                properties: [
                  { name: 'Name', type: 'title' },
                  ...HOSTILE.map((name) => ({ name, type: 'rich_text' })),
                  { name: `${DROP} options`, type: 'select', options: HOSTILE },
                  { name: `${DROP} more options`, type: 'multi_select', options: HOSTILE },
                ],
              },
            ],
          },
        ],
      },
      airtable: {
        bases: [
          {
            name: TITLE,
            tables: [
              {
                title: `${TITLE} table`,
                records: 60,
                fields: [
                  { name: 'Name', type: 'singleLineText' },
                  ...HOSTILE.map((name) => ({ name, type: 'multilineText' })),
                  { name: `${DROP} choices`, type: 'singleSelect', choices: HOSTILE },
                ],
              },
            ],
          },
        ],
      },
    },
  });
  const { pool } = installation.database;
  await pool.query('create schema if not exists notion');
  await pool.query(`create table notion.bystander as select 'untouched' as state`);
  await installation.catalog((catalog) => {
    catalog.applications = [{ slug: 'app', name: DROP }];
    Object.assign(catalog, {
      vaults: [{ id: DROP, name: HOSTILE[1] }],
      users: [{ id: HOSTILE[2], username: HOSTILE[4] }],
    });
    for (const source of catalog.sources) {
      Object.assign(source, {
        app: 'app',
        component: DROP,
        vault: HOSTILE[1],
        user: HOSTILE[4],
      });
    }
    for (const account of catalog.accounts) account['name'] = `${DROP} ${String(account['name'])}`;
    for (const source of catalog.sources)
      source['account'] = `${DROP} ${String(source['account'])}`;
  });
});
afterAll(() => installation.close());

const whole = { rows: 60, expected: 60, lost: 0, surplus: 0, different: 0 };

async function expectWhole(): Promise<void> {
  const { pool } = installation.database;
  const { rows } = await pool.query<{ external_id: string; name: string }>(
    `select external_id, format('%I.%I', table_schema, table_name) as name from appsync.source order by 1`,
  );
  expect(rows).toHaveLength(2);
  for (const { external_id, name } of rows) {
    const shape = { fieldsById: true };
    const truth = installation.simulator.world.truth(external_id, shape);
    expect(await compareWithTruth(pool, name, truth)).toEqual(whole);
  }
  expect((await pool.query('select state from notion.bystander')).rows).toEqual([
    { state: 'untouched' },
  ]);
}

describe('names that would be SQL if anybody took them for it', () => {
  it('are names: of properties, options, titles, accounts, vaults, users and components', async () => {
    expect(await installation.sync()).toMatchObject({ status: 'complete', totals: { read: 120 } });
    await expectWhole();
  });

  it('are values in cells, too, and when they change', async () => {
    const { world } = installation.simulator;
    for (const { externalId } of world.sources()) {
      const ids = world.ids(externalId);
      for (const [i, text] of HOSTILE.entries()) {
        world.editRecord(externalId, ids[i] ?? '', { Name: text, [DROP]: text });
      }
    }
    const summary = await installation.sync();
    expect(summary).toMatchObject({ status: 'complete' });
    expect(summary.totals.updated).toBe(2 * HOSTILE.length);
    await expectWhole();
  });

  it('find a source as filters, and nothing as targets that are none', async () => {
    const options = { incremental: true };
    const found = await installation.sync({ kind: 'all' }, options, {
      component: [DROP],
      vault: [HOSTILE[1] ?? ''],
      user: [HOSTILE[4] ?? ''],
    });
    expect(found.sources).toHaveLength(2);
    const none = await installation.sync({ kind: 'all' }, options, { component: [`${DROP}'`] });
    expect(none.sources).toEqual([]);
    await expectWhole();
  });

  it('are refused where they would name a table or an alias', async () => {
    for (const wrong of [{ table: `notion.x${DROP}` }, { table: `"x".y` }, { alias: DROP }]) {
      const applied = installation.catalog(
        ({ sources }) => void Object.assign(sources[0] ?? {}, wrong),
      );
      await expect(applied).rejects.toMatchObject({ exitCode: 4 });
    }
  });

  it('rename a column when they are renamed, and keep the others', async () => {
    const { world } = installation.simulator;
    for (const { externalId } of world.sources()) {
      world.renameProperty(externalId, 'select', `${DROP} renamed`);
    }
    // Records as they were read before hold the old name: all are read again.
    const summary = await installation.sync({ kind: 'all' }, { incremental: false });
    expect(summary).toMatchObject({ status: 'complete' });
    const { rows } = await installation.database.pool.query(
      `select distinct column_name from appsync.source_column where field_name = $1`,
      [`${DROP} renamed`],
    );
    expect(rows).toEqual([
      { column_name: 'drop_table_notion_bystander_drop_schema_appsync_cascade_renamed' },
    ]);
    await expectWhole();
  });
});
