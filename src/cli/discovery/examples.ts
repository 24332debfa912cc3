import { EXIT, type ExitCode } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { shellLine } from '../shell-word.ts';
import { exampleWorkflows, type ExampleLine } from './example-lines.ts';
import { noteEmpty, readKnownTargets } from './known-targets.ts';
import { printCommands, type CommandLine } from './command-lines.ts';

/** `appsync help examples` */
export async function showExamples(context: CommandContext): Promise<ExitCode> {
  const { io, output } = context;
  const known = await readKnownTargets(context);
  const workflows = exampleWorkflows(known).filter(({ examples }) => examples.length > 0);
  const lineOf = ({ words, purpose }: ExampleLine): CommandLine => ({
    command: `${output.program} ${shellLine(words)}`,
    purpose,
  });
  if (output.json) {
    output.document(
      workflows.map(({ name, title, examples }) => ({
        workflow: name,
        title,
        examples: examples.map((example) => ({ ...lineOf(example), arguments: example.words })),
      })),
    );
  } else if (io.stdout.isTTY) {
    for (const [index, { title, examples }] of workflows.entries()) {
      if (index > 0) output.print();
      output.print(output.paint.bold(title));
      printCommands(context, examples.map(lineOf));
    }
  } else {
    for (const { name, examples } of workflows) {
      for (const { command, purpose } of examples.map(lineOf)) {
        output.print([name, command, purpose].join('\t'));
      }
    }
  }
  if (known.tags.length === 0) output.note('the names are examples');
  noteEmpty(context, known);
  return EXIT.ok;
}
