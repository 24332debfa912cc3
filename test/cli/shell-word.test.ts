import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { quotedWord, shellLine, shellWord } from '../../src/cli/shell-word.ts';

const WORDS = [
  'skyflow',
  '-x',
  '--only-due',
  'task list',
  "it's",
  '$HOME `id` $(id)',
  'a"b\\c',
  '*?[a]{b,c}',
  '=ls',
  '~',
  '#no comment',
  'a;b|c&d>e',
  '中文 – ünï',
  '',
  "red \u001b[31m and \u009b2J, line\nbreak, 'quote' and \\",
];

describe('words for a shell', () => {
  test('come through bash as they were', () => {
    const out = execFileSync('bash', ['-c', `printf '%s\\0' ${shellLine(WORDS)}`], {
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    expect(out.toString().split('\0').slice(0, -1)).toEqual(WORDS);
  });

  test('are in quotes only where they must be', () => {
    expect(shellLine(['sync-app', 'skyflow', '--batch-size', '500'])).toBe(
      'sync-app skyflow --batch-size 500',
    );
    expect(shellWord('task list')).toBe(`'task list'`);
    expect(quotedWord('skyflow')).toBe(`'skyflow'`);
  });

  test('hold no control character', () => {
    expect(shellLine(WORDS)).not.toMatch(/\p{Cc}/u);
  });
});
