import type { Command } from 'commander';

/** A command that only holds others. */
export function group(program: Command, name: string, summary: string, heading: string): Command {
  return program.command(name).summary(summary).helpGroup(heading).helpCommand(false);
}
