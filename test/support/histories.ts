import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

export interface StoredHistory {
  readonly workflowId: string;
  /** What the server stores, with payloads decoded from base64; search attributes apart. */
  readonly text: string;
  readonly searchAttributes: string;
}

/** Every workflow execution that a query finds. Failures' stack traces and messages are in the text as well. */
export async function historiesOf(client: Client, query: string): Promise<StoredHistory[]> {
  const found: StoredHistory[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const searched: unknown[] = [];
    const read = decode(JSON.parse(historyToJSON(history)), searched);
    const searchAttributes = JSON.stringify(searched);
    found.push({ workflowId, text: JSON.stringify(read), searchAttributes });
  }
  return found;
}

/** Payloads are base64 in an exported history: what they hold counts, not how they are written. */
function decode(value: unknown, searched: unknown[]): unknown {
  if (Array.isArray(value)) return value.map((one) => decode(one, searched));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    if (name === 'searchAttributes') {
      searched.push(decode(member, []));
      return [];
    }
    // The SDK's own mark of a patched() in the code: a constant of ours, which no codec is given.
    if (name === 'patch-data') return [];
    const isBytes = typeof member === 'string' && ['data', 'encoding'].includes(name);
    return [[name, isBytes ? Buffer.from(member, 'base64').toString() : decode(member, searched)]];
  });
  return Object.fromEntries(members);
}
