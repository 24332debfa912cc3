import { describe, expect, it } from '@jest/globals';
import { run } from '../fake-io.ts';

const WHOLE = [
  ['--pool-size', '1', '100'],
  ['--max-concurrent', '1', '100'],
  ['--batch-size', '1', '10000'],
] as const;

const REFUSED = [
  ...WHOLE.flatMap(([option, least, most]) =>
    ['0', String(Number(most) + 1), '2.5', '-1', '1e1', 'many'].map((value) => ({
      option,
      value,
      range: `a whole number from ${least} to ${most}`,
    })),
  ),
  ...['0', '0.009', '1000001', '-1', 'fast'].map((value) => ({
    option: '--rate-limit',
    value,
    range: 'a number from 0.01 to 1000000',
  })),
  ...['101%', '-1%', 'half'].map((value) => ({
    option: '--max-delete',
    value,
    range: 'from 0% to 100%',
  })),
];
const SETTABLE = ['--max-concurrent', '--batch-size', '--rate-limit'];

/** Nothing is set up here: whatever is looked at first would be another error. */
const refusal = async (line: string) => {
  const { exitCode, stdout, stderr } = await run(line);
  return { exitCode, stdout, error: stderr.split('\n')[0] };
};

describe('a number outside its range is refused, and the range named,', () => {
  it.each(REFUSED)('by a sync and a schedule: $option $value', async ({ option, value, range }) => {
    const refused = {
      exitCode: 2,
      stdout: '',
      error: `error: ${option} must be ${range}, not "${value}"`,
    };
    expect(await refusal(`all ${option} ${value}`)).toEqual(refused);
    expect(await refusal(`sync-fast ${option}=${value}`)).toEqual(refused);
    expect(await refusal(`schedule set --every 1h ${option} ${value}`)).toEqual(refused);
    if (SETTABLE.includes(option)) {
      expect(await refusal(`runs set ${option} ${value}`)).toEqual(refused);
    }
  });
});
