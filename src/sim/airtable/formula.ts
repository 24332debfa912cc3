import { invalidFormula } from './errors.ts';

/** A parsed formula. Only what incremental reads use is understood; the rest is refused with 422. */
export type Formula =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly args: readonly Formula[] }
  | {
      readonly kind: 'comparison';
      readonly operator: string;
      readonly left: Formula;
      readonly right: Formula;
    };

const FUNCTIONS = [
  'AND',
  'OR',
  'NOT',
  'TRUE',
  'FALSE',
  'BLANK',
  'IS_BEFORE',
  'IS_AFTER',
  'IS_SAME',
  'DATETIME_PARSE',
  'CREATED_TIME',
  'LAST_MODIFIED_TIME',
  'RECORD_ID',
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

const TOKEN =
  /\s*(?:(\{(?:[^}\\]|\\.)*\})|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|(<=|>=|!=|<|>|=)|([A-Za-z_][A-Za-z0-9_]*)|([(),]))/y;

type TokenKind = 'field' | 'text' | 'number' | 'operator' | 'word' | 'mark';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}
const KINDS: readonly TokenKind[] = ['field', 'text', 'number', 'operator', 'word', 'mark'];

const malformed = () => invalidFormula('please check your formula text.');

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < source.trimEnd().length) {
    const match = pattern.exec(source);
    if (match === null) throw malformed();
    const place = KINDS.findIndex((_, index) => match[index + 1] !== undefined);
    const kind = KINDS[place];
    if (kind !== undefined) tokens.push({ kind, text: match[place + 1] ?? '' });
  }
  return tokens;
}

const unquoted = (text: string) => text.slice(1, -1).replaceAll(/\\(.)/g, '$1');

/** Parses a formula; throws the API's own error when it cannot. */
export function parseFormula(source: string): Formula {
  return new Parser(tokenize(source)).formula();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  formula(): Formula {
    const formula = this.#expression();
    if (this.#at < this.#tokens.length) throw malformed();
    return formula;
  }

  #expression(): Formula {
    const left = this.#operand();
    const operator = this.#tokens[this.#at];
    if (operator?.kind !== 'operator') return left;
    this.#at += 1;
    return { kind: 'comparison', operator: operator.text, left, right: this.#operand() };
  }

  #operand(): Formula {
    if (this.#mark('(')) {
      const inner = this.#expression();
      if (!this.#mark(')')) throw malformed();
      return inner;
    }
    const token = this.#take();
    if (token.kind === 'text') return { kind: 'literal', value: unquoted(token.text) };
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) };
    if (token.kind === 'field') return { kind: 'field', name: unquoted(token.text) };
    if (token.kind !== 'word') throw malformed();
    if (!this.#mark('(')) return { kind: 'field', name: token.text };
    return { kind: 'call', name: functionName(token.text), args: this.#arguments() };
  }

  #arguments(): Formula[] {
    const args: Formula[] = [];
    if (this.#mark(')')) return args;
    do args.push(this.#expression());
    while (this.#mark(','));
    if (!this.#mark(')')) throw malformed();
    return args;
  }

  #take(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw malformed();
    this.#at += 1;
    return token;
  }

  #mark(mark: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'mark' || token.text !== mark) return false;
    this.#at += 1;
    return true;
  }
}

function functionName(word: string): FunctionName {
  const found = FUNCTIONS.find((name) => name === word.toUpperCase());
  if (found === undefined) throw invalidFormula(`Unknown function names: ${word}`);
  return found;
}

/** Names of the fields that a formula mentions. */
export function fieldNames(formula: Formula): readonly string[] {
  switch (formula.kind) {
    case 'field':
      return [formula.name];
    case 'call':
      return formula.args.flatMap(fieldNames);
    case 'comparison':
      return [...fieldNames(formula.left), ...fieldNames(formula.right)];
    default:
      return [];
  }
}
