import { html } from 'hono/html';
import type { RunSummary } from '../contract/summary.ts';
import type { RunProgress, SourceProgressRow } from '../store/run-progress.ts';
import type {
  LatestChange,
  QuarantineReason,
  SourceHistoryRow,
  SourceState,
} from '../store/overview.ts';
import type { RunRow } from '../store/runs.ts';
import { formatAmount, formatCount, formatDuration } from '../units.ts';
import { changesSection, failuresSection, quarantineSection, runButtons } from './overview-view.ts';
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
import { partOf, type Look } from './source-list.ts';
import { due, pagesNav } from './sources-view.ts';

/** One run: what it did, or how far it is. */
export interface RunDetail {
  readonly run: RunRow;
  readonly summary: RunSummary;
  readonly progress: RunProgress;
}

export function runView(
  { run, summary, progress }: RunDetail,
  look: Look,
  context: ViewContext,
): Html {
  const { totals } = summary;
  return html`
    <h2>Run ${run.run_id}</h2>
    <p>
      ${run.target}: ${status(run.paused_since === null ? run.status : 'paused')}, started
      ${time(run.started_at, context.now)}. ${formatCount(totals.read)} read,
      ${formatCount(totals.inserted)} new, ${formatCount(totals.updated)} changed,
      ${formatCount(totals.deleted)} deleted,
      ${formatAmount(totals.requests, 'request')}${customCounts(totals)}.
    </p>
    <p>${runButtons(run, context)} ${temporalLink(context, run.workflow_id)}</p>
    ${problemsSection(summary)} ${progressSection(run.run_id, progress.sources, look, context)}
  `;
}

const customCounts = ({ custom = {} }: RunSummary['totals']) =>
  Object.entries(custom)
    .map(([name, count]) => `, ${formatCount(count)} ${name}`)
    .join('');

/** What is at work or went wrong comes first: the rest may be on another page. */
function progressSection(
  runId: string,
  sources: readonly SourceProgressRow[],
  look: Look,
  { now }: ViewContext,
): Html {
  const heads = [
    head('Source'),
    head('Status'),
    head('Mode', 'wide'),
    head('Read', 'number'),
    head('Progress'),
    head('Requests', 'number'),
  ];
  const isDone = ({ status: said }: SourceProgressRow) => Number(said === 'complete');
  const ordered = sources.toSorted((a, b) => isDone(a) - isDone(b));
  const part = partOf(ordered, look.page);
  const rows = part.rows.map(
    (source) =>
      html`<tr>
        <td>${sourceLink(source.alias)}</td>
        <td>${status(source.paused_since === null ? source.status : 'paused')}</td>
        <td class="wide">${source.mode ?? ''}</td>
        <td class="number">${formatCount(source.read)}</td>
        <td>${progressCell(source, now)}</td>
        <td class="number">${formatCount(source.requests)}</td>
      </tr>`,
  );
  return section('Sources', heads, rows, 'None has begun.', {
    below: pagesNav(`/runs/${runId}`, look, part),
  });
}

function progressCell(source: SourceProgressRow, now: number): Html {
  if (source.status !== 'running') return html``;
  if (source.trouble !== null) return html`<span class="warn">${source.trouble}</span>`;
  if (source.waiting_until !== null)
    return html`waits for the budget, ${time(source.waiting_until, now)}`;
  if (source.expected === null) return html`<span class="soft">size not known yet</span>`;
  const most = Math.max(source.expected, source.read);
  return html`<progress
      max="${most}"
      value="${source.read}"
      aria-label="${source.alias}"
    ></progress>
    of about ${formatCount(source.expected)}`;
}

function problemsSection({ sources }: RunSummary): Html {
  const failed = sources.flatMap(({ alias, error }) =>
    error === undefined ? [] : [{ alias, error }],
  );
  return failuresSection(failed, 'Problems');
}

/** One source: its state and how it came about. */
export interface SourceDetail {
  readonly source: SourceState;
  readonly workflow_id: string;
  readonly history: readonly SourceHistoryRow[];
  readonly quarantine: readonly QuarantineReason[];
  readonly changes: readonly LatestChange[];
}

export function sourceView(detail: SourceDetail, context: ViewContext): Html {
  const { source, history } = detail;
  return html`
    <h2>${source.alias}</h2>
    <p>
      ${source.platform}, account ${source.account}, table <code>${source.table}</code>.
      ${status(source.at_work_in === null ? (source.last_status ?? 'never') : 'running')}${source.certified ? ', certified' : ''};
      due ${due(source, context.now)}.
    </p>
    <p>
      ${
        source.at_work_in === null
          ? button(
              context,
              `/sources/${encodeURIComponent(source.alias)}/sync`,
              'Sync now',
              source.alias,
            )
          : runLink(source.at_work_in)
      }
      ${temporalLink(context, detail.workflow_id)}
    </p>
    ${historySection(history, context)} ${quarantineSection(detail.quarantine, context)}
    ${changesSection(detail.changes, context)}
  `;
}

function historySection(history: readonly SourceHistoryRow[], { now }: ViewContext): Html {
  const heads = [
    head('Run'),
    head('Status'),
    head('Mode', 'wide'),
    head('Read', 'number'),
    head('Written', 'number'),
    head('Requests', 'number'),
    head('Time', 'number'),
    head('Started'),
    head('Cause'),
  ];
  const rows = history.map(
    (one) =>
      html`<tr>
        <td>${runLink(one.run_id)}</td>
        <td>${status(one.status)}</td>
        <td class="wide">${one.mode ?? ''}</td>
        <td class="number">${formatCount(one.read)}</td>
        <td class="number">${formatCount(one.written)}</td>
        <td class="number">${formatCount(one.requests)}</td>
        <td class="number">${formatDuration(one.duration_ms)}</td>
        <td>${time(one.started_at, now)}</td>
        <td class="reason">${one.error?.message ?? ''}</td>
      </tr>`,
  );
  return section('Syncs', heads, rows, 'None yet.');
}
