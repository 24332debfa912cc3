/**
 * Secrets that this process has read, so that no message, log line or stored error ever shows one:
 * platforms are known to quote the Authorization header in what they answer.
 */
const forms = new Set<string>();

/** Anything shorter could be an ordinary word, and would be blanked wherever it stands. */
const SHORTEST = 12;
/** A text that was cut may hold only the beginning of a secret: so much of it is taken for the secret. */
const HEAD = 12;
const SHOWN = '[secret]';

/** From now on `withoutSecrets` blanks this value, as it is and as URLs, JSON and Basic headers write it. */
export function rememberSecret(secret: string): void {
  if (secret.length < SHORTEST) return;
  forms.add(secret);
  forms.add(encodeURIComponent(secret));
  forms.add(JSON.stringify(secret).slice(1, -1));
  forms.add(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
}

/** The text with every secret that this process knows, whole or cut short, as `[secret]`. */
export function withoutSecrets(text: string): string {
  let clean = text;
  for (const form of forms) clean = blank(clean, form);
  return clean;
}

function blank(text: string, secret: string): string {
  const head = secret.slice(0, HEAD);
  let at = text.indexOf(head);
  if (at === -1) return text;
  let clean = '';
  let from = 0;
  while (at !== -1) {
    let end = at + head.length;
    while (end - at < secret.length && text[end] === secret[end - at]) end += 1;
    clean += text.slice(from, at) + SHOWN;
    from = end;
    at = text.indexOf(head, from);
  }
  return clean + text.slice(from);
}
