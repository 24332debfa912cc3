import { html, raw } from 'hono/html';
import type { Html } from './parts.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** The whole document. `nonce` is what the content security policy lets run. */
export const layout = (title: string, nonce: string, body: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style nonce="${nonce}">
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1><a href="/">appsync</a></h1>
          <p id="live" role="status">as of now</p>
        </header>
        <main>${body}</main>
        <script nonce="${nonce}">
          ${raw(SCRIPT)};
        </script>
      </body>
    </html>`;

/** What a browser may do with the page: nothing from elsewhere, nothing that was not written here. */
export const contentSecurityPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    'img-src data:',
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
