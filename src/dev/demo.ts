import { join, relative } from 'node:path';
import type { CommandContext } from '../cli/command.ts';
import { runCli } from '../cli/main.ts';
import { readConfig } from '../config.ts';
import { AppsyncError, EXIT, type ExitCode } from '../errors.ts';
import { DEMO_SOURCES, type DemoSource } from '../sim/demo-world.ts';
import { ensureStack } from '../stack/stack.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { compareWithTruth, quoteName, type Comparison } from './compare-with-truth.ts';
import { killWorkerHalfway, type Recovery } from './demo-crash.ts';
import { setStage, type DemoStage } from './demo-stage.ts';

/**
 * Shows a whole sync against simulated platforms: two applications, eight sources, more than 20,000
 * records, real rate limits. Everything printed is measured. With `crash` the worker is killed halfway.
 */
export async function runDemo(
  context: CommandContext,
  options: { readonly crash: boolean },
): Promise<ExitCode> {
  const { home } = readConfig(context.io.env, context.io.cwd);
  const place = join(home, options.crash ? 'demo-crash' : 'demo');
  const stage = await setStage(context, place, { fresh: options.crash });
  try {
    const db = openDatabase((await ensureStack(stage.settings, reportStep(context))).databaseUrl);
    try {
      return await (options.crash ? crashDemo : plainDemo)(context, stage, db);
    } finally {
      await db.end();
    }
  } finally {
    await stage.close();
  }
}

async function plainDemo(
  context: CommandContext,
  stage: DemoStage,
  db: Database,
): Promise<ExitCode> {
  const say = narrator(context);
  introduce(say, stage);
  say.title('1. Sync everything:  sync-all');
  const first = await syncAndCount(stage, ['sync-all']);
  if (first.exitCode !== EXIT.ok) return first.exitCode;
  await showTables(say, db);
  say.title('3. Sync again: nothing changed, so hardly a request');
  const second = await syncAndCount(stage, ['sync-all']);
  say.line(`${second.requests} requests; the sync before took ${first.requests}.`);
  const exact = await compareAll(say, stage, db);
  farewell(context, say, stage);
  return second.exitCode === EXIT.ok && exact ? EXIT.ok : EXIT.failed;
}

async function crashDemo(
  context: CommandContext,
  stage: DemoStage,
  db: Database,
): Promise<ExitCode> {
  const say = narrator(context);
  introduce(say, stage);
  say.title('1. Sync everything, and kill -9 the worker halfway');
  // Progress as plain lines: a redrawn display would wipe out what is told in between.
  const plain = { ...stage, io: { ...stage.io, stderr: { ...stage.io.stderr, isTTY: false } } };
  const syncing = syncAndCount(plain, ['sync-all']);
  const recovery = await killWorkerHalfway(stage, db, largest(DEMO_SOURCES), say.line);
  const { exitCode } = await syncing;
  tellRecovery(say, recovery);
  const exact = await compareAll(say, stage, db);
  farewell(context, say, stage);
  return exitCode === EXIT.ok && exact ? EXIT.ok : EXIT.failed;
}

const largest = (sources: readonly DemoSource[]) =>
  sources.reduce((most, source) => (source.records > most.records ? source : most));

async function syncAndCount(stage: DemoStage, argv: readonly string[]) {
  const before = await stage.simulator.requests();
  const exitCode = await runCli(argv, stage.io);
  return { exitCode, requests: (await stage.simulator.requests()) - before };
}

interface Narrator {
  readonly title: (text: string) => void;
  readonly line: (text: string) => void;
}

function narrator({ output }: CommandContext): Narrator {
  return {
    title: (text) => output.print(`\n${output.paint.bold(text)}\n`),
    line: (text) => output.print(text),
  };
}

const reportStep = (context: CommandContext) => (step: string) => context.output.note(step);

const count = (n: number) => n.toLocaleString('en-US');

function introduce(say: Narrator, { simulator, world }: DemoStage): void {
  const sources = world.sources();
  const records = sources.reduce((sum, source) => sum + source.records, 0);
  say.line(
    `Simulated Notion and Airtable at ${simulator.url}: ${sources.length} sources, ${count(records)} records,\n` +
      `40 ms latency, the real limits (Notion Business: 600 requests in 60 s, Airtable: 5 per second and base).`,
  );
}

async function showTables(say: Narrator, db: Database): Promise<void> {
  say.title('2. What is in Postgres now');
  const { rows } = await db.query<{ table: string; columns: number; alias: string }>(
    `select s.table_schema || '.' || s.table_name as table, s.alias,
            (select count(*) from appsync.source_column c where c.source_id = s.id) as columns
       from appsync.source s order by 1`,
  );
  for (const { table, columns } of rows) {
    const counted = await db.query<{ rows: number }>(
      `select count(*) as rows from ${quoteName(table)}`,
    );
    say.line(
      `${table.padEnd(30)} ${count(counted.rows[0]?.rows ?? 0).padStart(7)} rows, ${columns} columns of its own`,
    );
  }
  const query = `select status, count(*), count(*) filter (where done) as done from notion.skyflow_artefacts group by 1 order by 2 desc`;
  say.line(`\n${query};`);
  const answer = await db.query<Record<string, unknown>>(query);
  for (const row of answer.rows) say.line(`  ${Object.values(row).map(String).join(' | ')}`);
}

/** Every table beside what the platform holds, record by record. Returns whether all are the same. */
async function compareAll(say: Narrator, { world }: DemoStage, db: Database): Promise<boolean> {
  const { rows } = await db.query<{ table: string; external_id: string }>(
    `select table_schema || '.' || table_name as table, external_id from appsync.source order by 1`,
  );
  const total: Record<keyof Comparison, number> = {
    rows: 0,
    expected: 0,
    lost: 0,
    surplus: 0,
    different: 0,
  };
  for (const { table, external_id } of rows) {
    const compared = await compareWithTruth(
      db,
      table,
      world.truth(external_id, { fieldsById: true }),
    );
    for (const key of Object.keys(total) as (keyof Comparison)[]) total[key] += compared[key];
  }
  say.line(
    `\nCompared with the platforms, record by record: ${count(total.rows)} rows for ${count(total.expected)} records, ` +
      `${total.lost} lost, ${total.surplus} too many, ${total.different} different.`,
  );
  return total.lost + total.surplus + total.different === 0 && total.rows === total.expected;
}

function tellRecovery(say: Narrator, recovery: Recovery | null): void {
  if (recovery === null) {
    throw new AppsyncError(EXIT.failed, 'the sync ended before the worker could be killed', {
      hint: 'run the demo again',
    });
  }
  say.title('2. What happened');
  say.line(
    `Killed worker ${recovery.killed} with ${count(recovery.rowsAtKill)} rows merged in the big table.`,
  );
  say.line(
    `Worker ${recovery.successor} was there after ${(recovery.restartMs / 1000).toFixed(1)} s.`,
  );
  say.line(
    `The next batch of that table was merged ${(recovery.resumeMs / 1000).toFixed(1)} s after that.`,
  );
}

function farewell(context: CommandContext, say: Narrator, stage: DemoStage): void {
  const { program } = context.output;
  const home = relative(context.io.cwd, stage.home) || stage.home;
  say.line(`\nThe stack of this demo still runs. Look around, then stop it:`);
  say.line(
    `  APPSYNC_HOME=${home} ${program} status    addresses of Postgres and of the Temporal Web UI`,
  );
  say.line(`  APPSYNC_HOME=${home} ${program} down`);
}
