import { EXIT, type ExitCode } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import type { Output } from '../output.ts';
import { asTyped } from '../program-name.ts';
import { plainText } from '../table.ts';
import { AREAS, worstExit, type Finding } from './finding.ts';

/** Tells all findings, area by area, each failure with its fix; returns the code of the worst. */
export function reportFindings({ output }: CommandContext, findings: readonly Finding[]): ExitCode {
  const sorted = findings.toSorted((a, b) => AREAS.indexOf(a.area) - AREAS.indexOf(b.area));
  const exitCode = worstExit(sorted);
  const fixOf = (finding: Finding) =>
    'fix' in finding && finding.fix !== undefined ? asTyped(finding.fix, output.program) : null;
  if (output.json) {
    output.document({
      ok: exitCode === EXIT.ok,
      exit_code: exitCode,
      findings: sorted.map((finding) => ({
        area: finding.area,
        state: finding.state,
        message: finding.message,
        fix: fixOf(finding),
        exit_code: finding.state === 'failed' ? finding.exitCode : null,
      })),
    });
    return exitCode;
  }
  for (const finding of sorted) printFinding(output, finding, fixOf(finding));
  return exitCode;
}

const MARK_WIDTH = 'skipped'.length;
const AREA_WIDTH = Math.max(...AREAS.map((area) => area.length));

function printFinding(output: Output, { area, state, message }: Finding, fix: string | null): void {
  const { paint } = output;
  const colours = { ok: paint.green, skipped: paint.dim, warning: paint.yellow, failed: paint.red };
  const mark = colours[state](state.padEnd(MARK_WIDTH));
  output.print(`${area.padEnd(AREA_WIDTH)}  ${mark}  ${plainText(message)}`);
  if (fix === null) return;
  output.print(`${' '.repeat(AREA_WIDTH + MARK_WIDTH + 4)}${paint.cyan('fix:')} ${plainText(fix)}`);
}
