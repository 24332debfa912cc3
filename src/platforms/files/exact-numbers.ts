/** Digits that any number of JavaScript holds exactly. */
const EXACT_DIGITS = 15;

/** The number that a JSON text means, or the text itself where the number would be another one. */
export function exactNumber(text: string): number | string {
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  const digits = text.replace(/[eE].*$/, '').replace(/\D/g, '').length;
  return digits <= EXACT_DIGITS || String(value) === text ? value : text;
}

// Only what may hold such a number is looked at twice.
const SUSPECT = /[\d.]{16}|\d[eE][+-]?\d{3}/;
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Parses JSON; numbers that JavaScript cannot hold are given as texts, digit by digit. Throws SyntaxError. */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!SUSPECT.test(text)) return value;
  const quoted = text.replace(TEXT_OR_NUMBER, (token) =>
    token.startsWith('"') || typeof exactNumber(token) === 'number' ? token : `"${token}"`,
  );
  return JSON.parse(quoted);
}
