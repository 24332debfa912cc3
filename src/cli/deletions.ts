import { findSources, type SourceRow } from '../catalog/source-query.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { inTransaction } from '../store/database.ts';
import { acceptDeletions, countUnsettled, readHeld } from '../store/deletions/sweep.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { confirm, refuseUnanswerable } from './confirm.ts';
import { resolveTargetAndFilters } from './sync-target.ts';
import { runSync } from './sync.ts';
import { syncRequest } from './sync-options.ts';
import { withSession, type Session } from './session.ts';
import { formatAmount, formatCount } from '../units.ts';

const SHOWN = 5;

/**
 * `appsync sources accept-deletions ALIAS`: a person agrees that the records which a full scan did not find are
 * deleted; the sync that follows marks them, unless the platform says of one that it is still there.
 */
export async function acceptHeldDeletions(
  context: CommandContext,
  alias: string,
  options: { readonly yes: boolean },
): Promise<ExitCode> {
  const config = await loadConfig(context);
  if (!options.yes) refuseUnanswerable(context, `sources accept-deletions ${alias}`);
  const decided = await withSession(context, config, { worker: false }, (session) =>
    decide(context, session, alias, options),
  );
  return decided === 'accepted' ? runSync(context, syncRequest(alias, {})) : decided;
}

async function decide(
  context: CommandContext,
  session: Session,
  alias: string,
  options: { readonly yes: boolean },
): Promise<ExitCode | 'accepted'> {
  const { io, output } = context;
  const { db } = session;
  const filters = { source: [alias] };
  const resolved = await resolveTargetAndFilters(session, 'all', filters);
  const [source] = await findSources(db, resolved.target, resolved.filters, new Date(io.now()));
  const { held } = source === undefined ? { held: 0 } : await countUnsettled(db, source.id);
  if (source === undefined || held === 0) {
    output.note(`no deletions of ${alias} wait for consent`);
    if (output.json) output.document({ alias, accepted: 0 });
    return EXIT.ok;
  }
  const ids = await readHeld(db, source.id, SHOWN);
  const more = held > ids.length ? ` and ${formatCount(held - ids.length)} more` : '';
  output.note(`${formatAmount(held, 'row')} of ${tableOf(source)}: ${ids.join(', ')}${more}`);
  const question = `mark ${held === 1 ? 'it' : 'them'} as deleted (_deleted_at is set, values stay)?`;
  if (!options.yes && !(await confirm(context, question, 'no'))) {
    output.note('nothing was changed');
    return EXIT.interrupted;
  }
  const accepted = await inTransaction(db, (tx) => acceptDeletions(tx, source.id));
  output.note(`accepted ${formatAmount(accepted, 'deletion')}; the sync that follows marks them`);
  return 'accepted';
}

const tableOf = (source: SourceRow) => `${source.table_schema}.${source.table_name}`;
