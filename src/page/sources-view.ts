import { html } from 'hono/html';
import type { SourceState } from '../store/overview.ts';
import { formatCount } from '../units.ts';
import {
  button,
  head,
  runLink,
  section,
  sourceLink,
  status,
  time,
  type Html,
  type ViewContext,
} from './parts.ts';
import { STATES, addressOf, matching, partOf, type Look, type PartOf } from './source-list.ts';

/** The sources that are looked at, a page of them, and the form that says which. */
export function sourcesSection(
  sources: readonly SourceState[],
  look: Look,
  context: ViewContext,
): Html {
  const heads = [
    head('Source'),
    head('Application', 'wide'),
    head('Last result'),
    head('Synced'),
    head('Due'),
    head('Records', 'number'),
    head(''),
  ];
  const part = partOf(matching(sources, look), look.page);
  const none =
    sources.length === 0
      ? 'None: appsync init finds what your tokens can see.'
      : `None of ${formatCount(sources.length)} matches.`;
  const rows = part.rows.map((source) => sourceRow(source, context));
  return section('Sources', heads, rows, none, {
    above: sources.length === 0 ? html`` : filterForm(look),
    below: pagesNav('/', look, part),
  });
}

const sourceRow = (source: SourceState, context: ViewContext): Html =>
  html`<tr>
    <td>${sourceLink(source.alias)}<br /><span class="soft">${source.platform}</span></td>
    <td class="wide">${source.app ?? ''}</td>
    <td>${status(source.at_work_in === null ? (source.last_status ?? 'never') : 'running')}</td>
    <td>${time(source.last_synced_at, context.now, 'never')}</td>
    <td>${due(source, context.now)}</td>
    <td class="number">${source.records === null ? '' : formatCount(source.records)}</td>
    <td>
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
    </td>
  </tr>`;

export function due({ enabled, timing, next_due_at }: SourceState, now: number): Html {
  if (!enabled) return html`<span class="soft">disabled</span>`;
  if (timing === null) return html`<span class="soft">each time</span>`;
  return time(next_due_at, now, 'now');
}

/** Works without JavaScript: it asks for the page with what was chosen. */
const filterForm = ({ text, state }: Look): Html =>
  html`<form method="get" action="/" role="search" class="filter">
    <label>Name <input type="search" id="text" name="text" value="${text}" /></label>
    <label
      >State
      <select id="state" name="state">
        <option value="">any</option>
        ${STATES.map(
          (one) => html`<option value="${one}" ${one === state ? 'selected' : ''}>${one}</option>`,
        )}
      </select></label
    >
    <button id="filter">Show</button>
    ${text === '' && state === null ? '' : html`<a href="/">all</a>`}
  </form>`;

/** Where in a list one is, and the way to the pages beside; nothing for a list of one page. */
export function pagesNav(path: string, look: Look, part: PartOf<unknown>): Html {
  const { page, pages, from, to, total } = part;
  if (pages === 1) return html``;
  const link = (to: number, rel: string, label: string) =>
    to < 1 || to > pages
      ? html`<span class="soft">${label}</span>`
      : html`<a href="${addressOf(path, { ...look, page: to })}" id="${rel}" rel="${rel}"
          >${label}</a
        >`;
  return html`<nav aria-label="Pages">
    ${link(page - 1, 'prev', 'previous')} ${formatCount(from)} to ${formatCount(to)} of
    ${formatCount(total)} ${link(page + 1, 'next', 'next')}
  </nav>`;
}
