import { expect, test } from '@jest/globals';
import { asTyped } from '../../src/cli/program-name.ts';
import { buildProgram } from '../../src/cli/program.ts';

const names = buildProgram(
  () => Promise.resolve(),
  () => {},
).commands.map((command) => command.name());

test.each(names)('a hint to run appsync %s names the program as the person calls it', (name) => {
  expect(asTyped(`first appsync ${name} all`, './dj.sh')).toBe(`first ./dj.sh ${name} all`);
});

test('prose about appsync stays as it is', () => {
  expect(asTyped('the appsync schema', './dj.sh')).toBe('the appsync schema');
});
