const PLAIN = /^[\w@%+:,./-][\w@%+:,./=-]*$/;
const CONTROL = /\p{Cc}/u;

/** A word in quotes, so that a shell takes it as it is. */
export const quotedWord = (text: string): string =>
  CONTROL.test(text) ? escapedWord(text) : `'${text.replaceAll("'", `'\\''`)}'`;

/** `$'…'`: control characters would act on the terminal that the command is shown on. */
function escapedWord(text: string): string {
  const escaped = text
    .replaceAll(/['\\]/g, '\\$&')
    .replaceAll(/\p{Cc}/gu, (character) =>
      Buffer.from(character).toString('hex').replaceAll(/../g, '\\x$&'),
    );
  return `$'${escaped}'`;
}

/** A word as it is typed: in quotes only where a shell would take it apart or change it. */
export const shellWord = (text: string): string => (PLAIN.test(text) ? text : quotedWord(text));

/** A command line to copy. */
export const shellLine = (words: readonly string[]): string => words.map(shellWord).join(' ');
