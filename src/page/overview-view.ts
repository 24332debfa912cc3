import { html } from 'hono/html';
import type { BudgetStatus } from '../platforms/rate-limit.ts';
import type { SourceError } from '../contract/summary.ts';
import type { LatestChange, QuarantineReason, SourceState } from '../store/overview.ts';
import type { RunRow } from '../store/runs.ts';
import { groupBy } from '../group-by.ts';
import { formatAmount, formatCount, formatDuration } from '../units.ts';
import {
  button,
  head,
  runLink,
  section,
  sourceLink,
  status,
  temporalLink,
  time,
  type Html,
  type ViewContext,
} from './parts.ts';
import { isFailing, type Look } from './source-list.ts';
import { sourcesSection } from './sources-view.ts';

/** Everything that the first page shows. */
export interface Overview {
  readonly sources: readonly SourceState[];
  readonly runs: readonly RunRow[];
  readonly budgets: readonly BudgetStatus[];
  readonly quarantine: readonly QuarantineReason[];
  readonly changes: readonly LatestChange[];
}

/** As many causes are shown. */
const MOST_CAUSES = 20;

export function overviewView(overview: Overview, look: Look, context: ViewContext): Html {
  const { sources, runs, budgets, quarantine, changes } = overview;
  return html`
    <p>${verdict(sources)}</p>
    ${runsSection(runs, context)} ${failuresSection(sources.filter(isFailing))}
    ${sourcesSection(sources, look, context)} ${budgetsSection(budgets, context)}
    ${quarantineSection(quarantine, context)} ${changesSection(changes, context)}
  `;
}

function verdict(sources: readonly SourceState[]): Html {
  if (sources.length === 0) return html`No sources yet: <code>appsync init</code> finds them.`;
  const complete = sources.filter(({ last_status }) => last_status === 'complete').length;
  return html`${formatAmount(sources.length, 'source')}, ${formatCount(complete)} complete at their
  last sync.`;
}

function runsSection(runs: readonly RunRow[], context: ViewContext): Html {
  const heads = [
    head('Run'),
    head('Target'),
    head('Status'),
    head('Read', 'number'),
    head('Time', 'number wide'),
    head('Started', 'wide'),
    head(''),
  ];
  const rows = runs.map((run) => {
    const ends = run.finished_at === null ? context.now : Date.parse(run.finished_at);
    return html`<tr>
      <td>${runLink(run.run_id)}</td>
      <td>
        ${run.target}${run.schedule === null ? '' : html` <span class="soft">by schedule</span>`}
      </td>
      <td>${status(run.paused_since === null ? run.status : 'paused')}</td>
      <td class="number">${formatCount(run.metrics.read)}</td>
      <td class="number wide">${formatDuration(ends - Date.parse(run.started_at))}</td>
      <td class="wide">${time(run.started_at, context.now)}</td>
      <td>${runButtons(run, context)} ${temporalLink(context, run.workflow_id)}</td>
    </tr>`;
  });
  return section('Runs', heads, rows, 'No run yet.');
}

/** What can be done with a run now. */
export function runButtons(run: RunRow, context: ViewContext): Html {
  if (run.finished_at !== null) return html``;
  const at = (action: string) => `/runs/${run.run_id}/${action}`;
  const about = `run ${run.run_id}`;
  return html`${
    run.paused_since === null
      ? button(context, at('pause'), 'Pause', about)
      : button(context, at('resume'), 'Resume', about)
  }
  ${button(context, at('cancel'), 'Cancel', about)}`;
}

/** One line per cause: fifty sources behind one refused token are one failure. */
export function failuresSection(
  failing: readonly { readonly alias: string; readonly error: SourceError | null }[],
  title = 'Failures',
): Html {
  const causes = groupBy(failing, ({ error }) => `${error?.type ?? ''}\n${error?.message ?? ''}`);
  const rows = [...causes.values()].map((sources) => {
    const error = sources[0]?.error;
    const shown = sources.slice(0, 5);
    const more = sources.length - shown.length;
    return html`<tr>
      <td class="reason">
        <strong>${error?.type ?? ''}</strong>:
        ${error?.message ?? ''}${
          error?.hint === undefined ? '' : html`<br /><span class="soft">${error.hint}</span>`
        }
      </td>
      <td>
        ${shown.map(({ alias }) => html`${sourceLink(alias)} `)}${more > 0 ? `and ${formatCount(more)} more` : ''}
      </td>
    </tr>`;
  });
  const most = rows.slice(0, MOST_CAUSES);
  const rest = rows.length - most.length;
  const below = rest === 0 ? html`` : html`<p class="soft">and ${formatCount(rest)} more</p>`;
  return section(title, [head('Cause'), head('Sources')], most, 'None.', { below });
}

function budgetsSection(budgets: readonly BudgetStatus[], { now }: ViewContext): Html {
  const heads = [
    head('Account'),
    head('Limit of', 'wide'),
    head('Rate', 'number'),
    head('Used', 'number'),
    head('Free', 'number'),
    head('Waiting', 'number'),
    head('Blocked'),
  ];
  const rows = budgets.map(
    (budget) =>
      html`<tr>
        <td>${budget.account}</td>
        <td class="wide soft">
          ${budget.key.split(':').slice(2).join(':') || 'the whole account'}
        </td>
        <td class="number">${budget.rate}/s</td>
        <td class="number">${formatCount(budget.used)} in ${formatDuration(budget.window_ms)}</td>
        <td class="number">${formatCount(Math.max(0, budget.free))}</td>
        <td class="number">${formatCount(budget.waiting)}</td>
        <td>
          ${
            budget.blocked_until === null || budget.blocked_until.getTime() < now
              ? ''
              : html`${time(budget.blocked_until.toISOString(), now)}: ${budget.block_reason ?? ''}`
          }
        </td>
      </tr>`,
  );
  return section('Request budgets', heads, rows, 'No request was made yet.');
}

export function quarantineSection(
  reasons: readonly QuarantineReason[],
  { now }: ViewContext,
): Html {
  const heads = [head('Source'), head('Records', 'number'), head('Reason'), head('Seen')];
  const rows = reasons.map(
    (one) =>
      html`<tr>
        <td>${sourceLink(one.alias)}</td>
        <td class="number">${formatCount(one.records)}</td>
        <td class="reason">${one.reason}</td>
        <td>${time(one.last_seen_at, now)}</td>
      </tr>`,
  );
  return section('Quarantine', heads, rows, 'Every record could be written.');
}

export function changesSection(changes: readonly LatestChange[], { now }: ViewContext): Html {
  const heads = [head('Source'), head('Change'), head('Run', 'wide'), head('When')];
  const rows = changes.map(
    (change) =>
      html`<tr>
        <td>${sourceLink(change.alias)}</td>
        <td class="reason">${changeText(change)}</td>
        <td class="wide">${runLink(change.run_id)}</td>
        <td>${time(change.at, now)}</td>
      </tr>`,
  );
  return section('Schema changes', heads, rows, 'None since the tables were created.');
}

function changeText({ kind, column, from, to }: LatestChange): string {
  const what = `${column ?? 'table'} ${kind.replaceAll('_', ' ')}`;
  return from === null && to === null ? what : `${what}: ${from ?? 'nothing'} → ${to ?? 'nothing'}`;
}
