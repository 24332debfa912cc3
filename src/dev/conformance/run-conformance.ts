import type { CommandContext } from '../../cli/command.ts';
import type { Output } from '../../cli/output.ts';
import { plainText } from '../../cli/table.ts';
import { configurationError, EXIT, type ExitCode } from '../../errors.ts';
import type { Platform } from '../../platforms/platform.ts';
import { conformanceChecks, Nonconformance, type ConformanceCheck } from './conformance.ts';
import { nameOf } from './observed-requests.ts';
import { stageOf } from './stages.ts';

interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'failed' | 'skipped';
  /** What was expected and seen, or why it was skipped; null when all is well. */
  readonly reason: string | null;
}

/** Makes all checks of a platform one after the other, each told as it ends. */
export async function runConformance(
  { output }: CommandContext,
  platform: Platform,
): Promise<ExitCode> {
  if (platform.unavailable !== undefined) throw configurationError(platform.unavailable);
  const startStage = stageOf(platform);
  if (startStage === undefined) {
    throw configurationError(
      `${platform.title} brings nothing that could stand in for it`,
      'the platform needs conformance(), which starts a stage: see the types of appsync/platform',
    );
  }
  const findings: Finding[] = [];
  for (const check of conformanceChecks(platform, startStage)) {
    const finding = await make(check);
    findings.push(finding);
    if (!output.json) printFinding(output, finding);
  }
  const count = (state: Finding['state']) => findings.filter((one) => one.state === state).length;
  const counts = { ok: count('ok'), failed: count('failed'), skipped: count('skipped') };
  if (output.json) output.document({ platform: platform.name, ...counts, checks: findings });
  else output.print(`${counts.ok} ok, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 ? EXIT.ok : EXIT.failed;
}

async function make({ name, run }: ConformanceCheck): Promise<Finding> {
  try {
    const outcome = await run();
    return { name, state: outcome.state, reason: 'reason' in outcome ? outcome.reason : null };
  } catch (thrown) {
    return { name, state: 'failed', reason: whatWasSeen(thrown) };
  }
}

const whatWasSeen = (thrown: unknown): string =>
  thrown instanceof Nonconformance
    ? thrown.message
    : `expected no failure; seen: ${nameOf(thrown)}`;

const MARKS = { ok: 'ok', failed: 'FAILED', skipped: 'skipped' } as const;

function printFinding(output: Output, { name, state, reason }: Finding): void {
  const { paint } = output;
  const colours = { ok: paint.green, failed: paint.red, skipped: paint.dim };
  const mark = colours[state](MARKS[state].padEnd(MARKS.skipped.length));
  output.print(`${mark}  ${name}${reason === null ? '' : `: ${plainText(reason)}`}`);
}
