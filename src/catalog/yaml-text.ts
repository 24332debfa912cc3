import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  visit,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import type { Path, Problem } from './file-text.ts';

export interface FileText {
  /** Maps, lists and strings; null for what is empty. */
  readonly data: unknown;
  readonly lineOf: (path: Path) => number;
  readonly problems: readonly Problem[];
}

// Every scalar stays as it is written: an id of digits only must not become a number.
const AS_WRITTEN = { schema: 'failsafe', prettyErrors: false } as const;

/** The YAML document for editing; comments and style stay. */
export function documentOf(content: string): Document.Parsed {
  return parseDocument(content, AS_WRITTEN);
}

/** Parses YAML. Problems never quote the text, in which a token may stand. */
export function parseFileText(content: string): FileText {
  const lines = new LineCounter();
  const document = parseDocument(content, { ...AS_WRITTEN, lineCounter: lines });
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const notYaml = (offset: number, why: string): Problem => ({
    path: [],
    line: lineAt(offset),
    message: `is not YAML: ${why}`,
    hint: 'compare with appsync.example.yaml',
  });
  const problems = document.errors.map((error) =>
    notYaml(error.pos[0], (error.message.split(/[:\n]/)[0] ?? '').toLowerCase()),
  );
  visit(document, {
    Scalar: (_, node) => emptyToNull(node),
    Alias: (_, node) => {
      if (node.resolve(document) === undefined)
        problems.push(notYaml(startOf(node) ?? 0, 'unknown *alias'));
    },
  });
  if (problems.length > 0) return { data: null, lineOf: () => 1, problems };
  return {
    data: document.toJS(AS_OBJECTS),
    lineOf: (path) => lineAt(offsetOf(document, path)),
    problems,
  };
}

// The file is the person's own: what its aliases expand to is not limited.
const AS_OBJECTS = { maxAliasCount: -1 } as const;

function emptyToNull(node: Scalar): void {
  const plain = node.type === Scalar.PLAIN || node.type === undefined;
  if (plain && ['', '~', 'null'].includes(String(node.value))) node.value = null;
}

/** Where the last key of the path stands; for a key that is missing, where the map stands that lacks it. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document);
    const pair: Pair | undefined = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      : undefined;
    const next = isSeq(node) && typeof key === 'number' ? node.items[key] : pair?.value;
    const start = startOf(isPair(pair) ? pair.key : next);
    if (start === undefined) return offset;
    offset = start;
    node = next;
  }
  return offset;
}

const startOf = (node: unknown) => (isNode(node) ? (node as Node).range?.[0] : undefined);
