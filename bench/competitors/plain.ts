import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runWell } from '../run-command.ts';
import type { PlainTask } from '../plain/task.ts';
import type { BenchContext, Stage } from '../stage.ts';
import type { BenchSource } from '../worlds.ts';
import type { Competitor } from './competitor.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILED = join(ROOT, 'node_modules/.cache/appsync-bench/plain');

/** Compiles the plain scripts, so that no compiler is in their time. */
export async function compilePlainScripts({ env, signal }: BenchContext): Promise<void> {
  const args = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(ROOT, 'bench/plain')];
  await runWell({ program: process.execPath, args, env }, signal);
  await mkdir(COMPILED, { recursive: true });
  await writeFile(join(COMPILED, 'package.json'), '{ "type": "module" }\n');
}

/** The task of a script, for the plain ones and for dlt's. */
export function scriptTask(
  stage: Stage,
  sources: readonly BenchSource[],
  schema: string,
  store: PlainTask['store'],
): PlainTask {
  const platform = sources[0]?.platform;
  return {
    origin: stage.simulator.url,
    token: (platform === 'notion' ? stage.env['NOTION_TOKEN'] : stage.env['AIRTABLE_TOKEN']) ?? '',
    databaseUrl: stage.databaseUrl,
    store,
    sources: sources.map(({ ref, alias }) => ({ ref, table: scriptTable(schema, alias) })),
  };
}

export const scriptTable = (schema: string, alias: string) =>
  `${schema}.${alias.replaceAll('-', '_')}`;

const schemaOf = (run: string) => `plain_${run}`;

/** A script with the official clients; `discard` reads only. */
function plainScript(name: 'plain' | 'read', store: PlainTask['store']): Competitor {
  return {
    name,
    import: (stage, sources, run) => {
      const task = scriptTask(stage, sources, schemaOf(run), store);
      const script = join(COMPILED, `${sources[0]?.platform}.js`);
      const args = [script, JSON.stringify(task)];
      return runWell({ program: process.execPath, args, env: stage.env }, stage.signal);
    },
    stored: ({ alias }, run) =>
      store === 'discard'
        ? null
        : {
            table: scriptTable(schemaOf(run), alias),
            id: 'id',
            name: '"Name"',
            points: '"Points"',
          },
    clear: async ({ db }, run) => {
      await db.query(`drop schema if exists ${schemaOf(run)} cascade`);
    },
  };
}

export const plain = plainScript('plain', 'upsert');
export const read = plainScript('read', 'discard');
