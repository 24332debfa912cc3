import { html } from 'hono/html';
import { formatRelative } from '../units.ts';

/** A piece of HTML in which every value is escaped. */
export type Html = ReturnType<typeof html>;

/** What every view needs to know besides its data. */
export interface ViewContext {
  readonly now: number;
  /** Goes into every form: see guard.ts. */
  readonly key: string;
  /** The page of a workflow in the Temporal Web UI; null: there is none. */
  readonly workflowUrl: (workflowId: string) => string | null;
}

export const time = (iso: string | null, now: number, otherwise = ''): Html =>
  iso === null
    ? html`${otherwise}`
    : html`<time datetime="${iso}" title="${iso}">${formatRelative(iso, now)}</time>`;

const TONES: Readonly<Record<string, string>> = {
  complete: 'good',
  running: '',
  failed: 'bad',
  never: 'soft',
};

/** In words, as colour alone tells nothing to some. */
export const status = (word: string): Html =>
  html`<span class="${TONES[word] ?? 'warn'}">${word}</span>`;

/** A form of one button; `id` lets the live page give the focus back. */
export const button = ({ key }: ViewContext, action: string, label: string, about: string): Html =>
  html`<form method="post" action="${action}">
    <input type="hidden" name="key" value="${key}" />
    <button id="${action}" aria-label="${label} ${about}">${label}</button>
  </form>`;

export const runLink = (runId: string): Html => html`<a href="/runs/${runId}">${runId}</a>`;
export const sourceLink = (alias: string): Html =>
  html`<a href="/sources/${encodeURIComponent(alias)}">${alias}</a>`;

export const temporalLink = ({ workflowUrl }: ViewContext, workflowId: string): Html => {
  const url = workflowUrl(workflowId);
  return url === null ? html`` : html`<a href="${url}" rel="noreferrer">in Temporal</a>`;
};

/**
 * A heading with its table, which scrolls by itself where the screen is narrow; a sentence when there are no rows.
 * `above` and `below` stand around either.
 */
export const section = (
  title: string,
  heads: readonly Html[],
  rows: readonly Html[],
  none: string,
  { above = html``, below = html`` }: { readonly above?: Html; readonly below?: Html } = {},
): Html =>
  html`<section aria-label="${title}">
    <h2>${title}</h2>
    ${above}
    ${
      rows.length === 0
        ? html`<p class="soft">${none}</p>`
        : html`<div class="scroll" tabindex="0" role="group" aria-label="${title}, table">
            <table>
              <thead>
                <tr>
                  ${heads}
                </tr>
              </thead>
              <tbody>
                ${rows}
              </tbody>
            </table>
          </div>`
    }
    ${below}
  </section>`;

export const head = (text: string, kind = ''): Html =>
  html`<th scope="col" class="${kind}">${text}</th>`;
