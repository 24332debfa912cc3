import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runWell } from '../run-command.ts';
import type { Competitor } from './competitor.ts';
import { scriptTable, scriptTask } from './plain.ts';

const SCRIPTS = fileURLToPath(new URL('.', import.meta.url));

const schemaOf = (run: string) => `dlt_${run}`;

/** Where the first numbers of a column are whole, dlt puts all that are not into a column beside it. */
const number = (column: string) =>
  `coalesce(to_jsonb(t) ->> '${column}', to_jsonb(t) ->> '${column}__v_double')`;

/** dlt, in a Python that has it. It flattens objects into columns, and keeps lists as JSON. */
export function dlt(python: string): Competitor {
  return {
    name: 'dlt',
    import: (stage, sources, run) => {
      const task = scriptTask(stage, sources, schemaOf(run), 'upsert');
      const script = join(SCRIPTS, `dlt_${sources[0]?.platform}.py`);
      // Telemetry off: loads and requests stay on this machine.
      const env = { ...stage.env, RUNTIME__DLTHUB_TELEMETRY: 'false' };
      const args = [script, JSON.stringify(task), join(stage.home, schemaOf(run))];
      return runWell({ program: python, args, env, cwd: stage.home }, stage.signal);
    },
    stored: ({ alias, platform }, run) => ({
      table: scriptTable(schemaOf(run), alias),
      id: 'id',
      ...(platform === 'notion'
        ? {
            name: `(select string_agg(part ->> 'plain_text', '' order by place)
                      from jsonb_array_elements(properties__name__title::jsonb)
                           with ordinality as parts(part, place))`,
            points: number('properties__points__number'),
          }
        : { name: 'fields__name', points: number('fields__points') }),
    }),
    clear: async (stage, run) => {
      await stage.db.query(`drop schema if exists ${schemaOf(run)} cascade`);
      await stage.db.query(`drop schema if exists ${schemaOf(run)}_staging cascade`);
      await rm(join(stage.home, schemaOf(run)), { recursive: true, force: true });
    },
  };
}
