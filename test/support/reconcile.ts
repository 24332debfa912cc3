import type { Environment } from '../../src/config.ts';
import type { HealResult } from '../../src/cli/reconcile-result.ts';
import type { ComparisonSummary, ReconcileSummary } from '../../src/contract/reconcile-summary.ts';
import { run } from '../cli/fake-io.ts';
import type { TestInstallation } from './installation.ts';
import { testTemporal } from './temporal.ts';

/** The result of one `reconcile --json`, with a source by its alias. */
export interface Reconciled {
  readonly exitCode: number;
  readonly result: ReconcileSummary & { readonly heal: HealResult | null };
  readonly of: (alias: string) => ComparisonSummary;
}

export const environmentOf = ({ database }: TestInstallation): Environment => ({
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: testTemporal().address,
});

/** Runs `appsync reconcile … --json` in this process, against an installation's own workers. */
export async function reconcile(installation: TestInstallation, line: string): Promise<Reconciled> {
  const env = environmentOf(installation);
  const { exitCode, stdout, stderr } = await run(`reconcile ${line} --json`, { env, real: true });
  if (stdout === '') throw new Error(`nothing on stdout: ${stderr}`);
  const result = JSON.parse(stdout) as Reconciled['result'];
  const of = (alias: string) => {
    const found = result.sources.find((source) => source.alias === alias);
    if (found === undefined) throw new Error(`no source ${alias} in ${stdout}`);
    return found;
  };
  return { exitCode, result, of };
}

/** A column of a source's table that holds options of a select, and one option that rows have. */
export async function selectedOption(installation: TestInstallation, alias: string) {
  const { pool } = installation.database;
  const { rows } = await pool.query<{ name: string; column: string; table: string }>(
    `select c.field_name as name, c.column_name as column, s.table_schema || '.' || s.table_name as table
       from appsync.source_column c join appsync.source s on s.id = c.source_id
      where s.alias = $1 and c.field_type in ('select', 'singleSelect') limit 1`,
    [alias],
  );
  const { name = '', column = '', table = '' } = rows[0] ?? {};
  const options = await pool.query<{ option: string; records: number }>(
    `select "${column}" as option, count(*) as records from ${table}
      where "${column}" is not null group by 1 order by 1 limit 1`,
  );
  const { option = '', records = 0 } = options.rows[0] ?? {};
  return { name, column, option, records };
}
