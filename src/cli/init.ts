import { applyCatalog } from '../catalog/apply.ts';
import { writeCatalogFile, type CatalogFile } from '../catalog/file.ts';
import { parsedFilePath } from '../catalog/parsed-file.ts';
import { readCatalogFile } from '../catalog/read-file.ts';
import { proposeCatalog, type ProposedCatalog } from '../catalog/init.ts';
import { AppsyncError, EXIT, configurationError, type ExitCode } from '../errors.ts';
import { applyWhenChanged, catalogRules } from './catalog.ts';
import { loadConfig, type CommandContext } from './command.ts';
import { confirm, refuseUnanswerable } from './confirm.ts';
import { knownPlatforms } from './platforms.ts';
import { withSession, type Session } from './session.ts';
import type { TableColumn } from './table.ts';
import {
  choosePlatforms,
  discover,
  findTokens,
  platformsWithoutToken,
  type Discovery,
  type TokenToTry,
} from './token-discovery.ts';
import { formatAmount, formatSeconds } from '../units.ts';
import { asTyped } from './program-name.ts';

export interface InitOptions {
  readonly platform: string | undefined;
  /** Where to look, for platforms that have to be told. */
  readonly place: string | undefined;
  readonly yes: boolean;
}

/** `appsync init`: from tokens to a catalog file that is applied. Whatever is missing is said before anything starts. */
export async function runInit(context: CommandContext, options: InitOptions): Promise<ExitCode> {
  const { output } = context;
  const config = await loadConfig(context);
  const known = await knownPlatforms(config);
  const rules = catalogRules(known);
  const platforms = choosePlatforms(known, options);
  const existing = await readCatalogFile(config.catalogPath, rules, parsedFilePath(config.home));
  const tokens = findTokens(platforms, existing, config.env);
  if (!options.yes) refuseUnanswerable(context, 'init');
  for (const { title, environment } of platformsWithoutToken(platforms, tokens)) {
    output.note(`${title}: no token (${environment.token.join(' or ')}), left out`);
  }
  return withSession(context, config, { worker: false }, async (session) => {
    const discoveries = await discoverAll(context, session, tokens, options.place);
    const found = discoveries.flatMap((one) => (one.kind === 'found' ? [one.account] : []));
    if (found.length === 0) throw firstFailure(discoveries, options);
    const proposed = proposeCatalog(found, existing, config.catalogPath, rules);
    if (proposed.file.sources.length === 0) throw nothingVisible(options);
    const isAllFound = found.length === discoveries.length;
    return settle(context, session, { proposed, existing, discoveries, isAllFound }, options);
  });
}

const NOTABLE_WAIT_MS = 2_000;

/** One token after the other, so that the terminal can follow; a failed one is reported and passed over. */
async function discoverAll(
  { io, output }: CommandContext,
  { db, config, installation }: Session,
  tokens: readonly TokenToTry[],
  place: string | undefined,
): Promise<readonly Discovery[]> {
  const discoveries: Discovery[] = [];
  for (const token of tokens) {
    const { title } = token.platform;
    output.note(`looking at ${title} (${place ?? token.reference}) …`);
    const onWait = (until: Date | null) => {
      const ms = until === null ? 0 : until.getTime() - io.now();
      if (ms > NOTABLE_WAIT_MS)
        output.note(`${title}: waiting for rate budget ${formatSeconds(ms)}`);
    };
    const discovery = await discover(token, {
      db,
      place,
      env: config.env,
      salt: installation.salt,
      onWait,
    });
    discoveries.push(discovery);
    if (discovery.kind === 'found') {
      const { identity, account } = discovery;
      const where = identity.workspace === null ? '' : ` in ${identity.workspace}`;
      output.note(
        `${title}: ${identity.name}${where} sees ${formatAmount(account.sources.length, 'source')}`,
      );
    } else {
      output.note(`${output.notePaint.red('error:')} ${title}: ${discovery.failure.message}`);
      const { hint } = discovery.failure;
      if (hint !== undefined) output.note(`  hint: ${asTyped(hint, output.program)}`);
    }
  }
  return discoveries;
}

function firstFailure(discoveries: readonly Discovery[], options: InitOptions): Error {
  const failed = discoveries.find((one) => one.kind === 'failed');
  if (failed === undefined) return nothingVisible(options);
  const { failure, token } = failed;
  return new AppsyncError(failure.exitCode, `${token.platform.title}: ${failure.message}`, {
    type: failure.type,
    reason: failure.cause,
    hint: failure.hint,
  });
}

const nothingVisible = ({ place }: InitOptions) =>
  place === undefined
    ? configurationError(
        'the tokens work, but they see no source',
        'share databases or bases with the tokens, then: appsync init',
      )
    : configurationError(`there is nothing to sync in ${place}`, 'appsync help init');

interface Findings {
  readonly proposed: ProposedCatalog;
  readonly existing: CatalogFile | null;
  readonly discoveries: readonly Discovery[];
  readonly isAllFound: boolean;
}

/** Shows what is new, asks, writes the file and applies it. */
async function settle(
  context: CommandContext,
  { db }: Session,
  { proposed, existing, discoveries, isAllFound }: Findings,
  options: InitOptions,
): Promise<ExitCode> {
  const { output } = context;
  const { file, text, added } = proposed;
  const exitCode = isAllFound ? EXIT.ok : EXIT.partial;
  if (existing !== null && added.length === 0) {
    output.note(`nothing new: ${file.path} has every source already`);
    await applyWhenChanged(db, existing, output);
  } else {
    if (!output.json) showNewSources(context, file, added, discoveries);
    const question = `write ${file.path} with ${formatAmount(added.length, 'new source')}?`;
    if (!options.yes && !(await confirm(context, question, 'yes'))) {
      output.note('nothing was written');
      return EXIT.interrupted;
    }
    await writeCatalogFile(file.path, text);
    await applyCatalog(db, file);
    output.note(`wrote and applied ${file.path}: ${formatAmount(file.sources.length, 'source')}`);
  }
  if (output.json) output.document(initDocument({ proposed, existing, discoveries, isAllFound }));
  output.note(`next: ${output.program} sync-dry, then ${output.program} sync-all`);
  return exitCode;
}

interface NewSource {
  readonly alias: string;
  readonly platform: string;
  readonly title: string;
}

function showNewSources(
  { output }: CommandContext,
  file: CatalogFile,
  added: readonly string[],
  discoveries: readonly Discovery[],
): void {
  const titles = new Map(
    discoveries.flatMap((one) =>
      one.kind === 'found'
        ? one.account.sources.map(({ external_id, title }) => [external_id, title])
        : [],
    ),
  );
  const rows = file.sources
    .filter(({ alias }) => added.includes(alias))
    .map(({ alias, platform, external_id }): NewSource => {
      return { alias, platform, title: titles.get(external_id) ?? '' };
    });
  const columns: readonly TableColumn<NewSource>[] = [
    { header: 'SOURCE', text: ({ alias }) => alias, shrinks: true },
    { header: 'PLATFORM', text: ({ platform }) => platform },
    { header: 'TITLE', text: ({ title }) => title, shrinks: true },
  ];
  output.table(columns, rows);
}

const initDocument = ({ proposed, discoveries }: Findings) => ({
  path: proposed.file.path,
  added: proposed.added,
  sources: proposed.file.sources.length,
  accounts: discoveries.map((one) =>
    one.kind === 'found'
      ? {
          account: one.account.account,
          platform: one.account.platform,
          name: one.identity.name,
          workspace: one.identity.workspace,
          sources: one.account.sources.length,
        }
      : {
          account: one.token.account,
          platform: one.token.platform.name,
          error: {
            type: one.failure.type,
            message: one.failure.message,
            hint: one.failure.hint ?? null,
          },
        },
  ),
});
