import type { SourceRow } from '../catalog/source-query.ts';
import { EXIT, configurationError, type ExitCode } from '../errors.ts';
import { convertStored } from '../platforms/convert-or-reject.ts';
import { countSelected } from '../store/quarantine.ts';
import { retryQuarantined, type RetryOutcome } from '../store/quarantine-retry.ts';
import { version } from '../version.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { confirm } from './confirm.ts';
import { refuseSilence, targetSources } from './quarantine.ts';
import { newRunId } from '../contract/run-id.ts';
import { withSession, type Session } from './session.ts';
import { plainText } from './table.ts';
import { formatAmount } from '../units.ts';

/**
 * `appsync quarantine retry [TARGET]`: converts what is stored with this program and writes it. It needs
 * no token, no Temporal and no worker, and goes through the source's fence like everybody who writes.
 */
export async function retryQuarantine(
  context: CommandContext,
  request: { readonly target: string | undefined; readonly yes: boolean },
): Promise<ExitCode> {
  const { io, output } = context;
  refuseSilence(context, request.yes, 'retry');
  const config = await loadConfig(context);
  return withSession(context, config, { worker: false }, async (session) => {
    const sources = await quarantinedSources(session, request.target, io.now());
    const entries = sources.reduce((sum, { count }) => sum + count, 0);
    const question = `retry ${formatAmount(entries, 'record')} of ${formatAmount(sources.length, 'source')}?`;
    if (entries > 0 && !request.yes && !(await confirm(context, question, 'yes'))) {
      output.note('nothing was retried');
      return EXIT.interrupted;
    }
    const runId = `retry-${newRunId(io.now(), io.random())}`;
    const retried: Retried[] = [];
    for (const { source } of sources) {
      const outcome = await retrySource(session, source, runId);
      retried.push({ alias: source.alias, outcome });
      for (const line of outcomeLines(source.alias, outcome)) output.note(line);
    }
    if (output.json) output.document({ sources: retried.map(retriedDocument) });
    if (entries === 0) output.note('no record is in quarantine');
    const isAllWritten = retried.every(
      ({ outcome }) => outcome.kind === 'retried' && outcome.remaining === 0,
    );
    return isAllWritten ? EXIT.ok : EXIT.partial;
  });
}

async function quarantinedSources(session: Session, word: string | undefined, now: number) {
  const found: { readonly source: SourceRow; readonly count: number }[] = [];
  for (const source of await targetSources(session, word, now)) {
    const count = await countSelected(session.db, { source_ids: [source.id], records: null });
    if (count > 0) found.push({ source, count });
  }
  return found;
}

function retrySource(
  { db, platforms }: Session,
  source: SourceRow,
  runId: string,
): Promise<RetryOutcome> {
  const platform = platforms.get(source.platform);
  if (platform === undefined) {
    throw configurationError(`unknown platform ${source.platform}`, 'appsync sources list');
  }
  return retryQuarantined(db, {
    source_id: source.id,
    run_id: runId,
    software: version(),
    converter: (columns) => {
      const convert = platform.createConverter(columns, source.ref);
      return (raw) => convertStored(convert, raw);
    },
  });
}

interface Retried {
  readonly alias: string;
  readonly outcome: RetryOutcome;
}

function outcomeLines(alias: string, outcome: RetryOutcome): readonly string[] {
  const name = plainText(alias);
  if (outcome.kind === 'held') {
    const written = outcome.written === 0 ? '' : ` (${outcome.written} were written before)`;
    return [
      `${name}: run ${outcome.run_id} is syncing it, nothing was changed${written}`,
      `  hint: appsync runs watch ${outcome.run_id}`,
    ];
  }
  const { written, remaining } = outcome;
  const left = remaining === 0 ? '' : `, ${remaining} still in quarantine`;
  return [`${name}: ${formatAmount(written, 'record')} written${left}`];
}

const retriedDocument = ({ alias, outcome }: Retried) => ({
  alias,
  written: outcome.written,
  remaining: outcome.kind === 'retried' ? outcome.remaining : null,
  held_by: outcome.kind === 'held' ? outcome.run_id : null,
});
