import type { Command } from "commander";
import { UserError } from "../user-error.ts";

const flagsOf = (command: Command): string[] =>
  command.options.map((o) => o.long).filter((long): long is string => long !== null && long !== undefined);

function bash(program: Command): string {
  const cases = program.commands.map((c) => `    ${c.name()}) words="${flagsOf(c).join(" ")}" ;;`);
  return `_minik() {
  local words current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) words="${program.commands.map((c) => c.name()).join(" ")}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _minik minik
`;
}

function zsh(program: Command): string {
  return `#compdef minik\nautoload -U +X bashcompinit && bashcompinit\n${bash(program)}`;
}

function fish(program: Command): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;
  return `${program.commands
    .flatMap((c) => [
      `complete -c minik -n __fish_use_subcommand -a ${c.name()} -d ${quote(c.description())}`,
      ...c.options.map(
        (o) =>
          `complete -c minik -n '__fish_seen_subcommand_from ${c.name()}' -l ${o.long?.slice(2)} -d ${quote(o.description)}`,
      ),
    ])
    .join("\n")}\n`;
}

/** Prints the completion script of a shell, made from the commands and flags there are. */
export async function printCompletion(program: Command, shell: string): Promise<void> {
  const print = { bash, zsh, fish }[shell];
  if (print === undefined) throw new UserError(`no completion for "${shell}": use bash, zsh or fish`);
  process.stdout.write(print(program));
}
