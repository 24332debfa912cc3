import { quotedWord } from '../shell-word.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The word that asks for candidates; no command a person would type. */
export const ASKS_FOR_CANDIDATES = '__complete';

/** The script of a shell. It runs this very program: the launcher might begin to install or to build. */
export function completionScript(
  shell: Shell,
  program: { readonly node: string; readonly entry: string },
  platforms: readonly string[],
): string {
  const ask = `${quotedWord(program.node)} ${quotedWord(program.entry)} ${ASKS_FOR_CANDIDATES} ${shell} ${quotedWord(platforms.join(','))}`;
  return SCRIPTS[shell](shell === 'fish' ? ask.replaceAll(`'\\''`, `\\'`) : ask);
}

const SCRIPTS: Readonly<Record<Shell, (ask: string) => string>> = {
  bash: (
    ask,
  ) => `# appsync completion bash: put it into ~/.bashrc as: eval "$(appsync completion bash)"
_appsync() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(${ask} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _appsync appsync dj.sh`,
  zsh: (ask) => `#compdef appsync dj.sh
# appsync completion zsh: put it into ~/.zshrc, after compinit, as: eval "$(appsync completion zsh)"
_appsync() {
  local -a found
  found=("\${(@f)$(${ask} "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a -- found
}
compdef _appsync appsync dj.sh`,
  fish: (
    ask,
  ) => `# appsync completion fish: put it into ~/.config/fish/config.fish as: appsync completion fish | source
function __appsync_complete
  set -l before (commandline -opc)
  set -l current (commandline -ct | string unescape)
  ${ask} $before[2..-1] "$current" 2>/dev/null
end
complete -c appsync -f -a '(__appsync_complete)'
complete -c dj.sh -f -a '(__appsync_complete)'`,
};
