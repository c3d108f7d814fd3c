import { Command, CommanderError, Option as Flag } from "commander";
import { completeServerConfig, type GivenServerConfig } from "./config/complete.ts";
import { ConfigError, environmentName, loadConfig } from "./config/load.ts";
import { dataOptions, type Option, type ServerConfig, serverOptions } from "./config/options.ts";
import { UserError } from "./user-error.ts";
import { MINIK_VERSION } from "./version.ts";

function addFlags(command: Command, options: readonly Option[]): Command {
  for (const option of options) {
    const flag = new Flag(
      option.value === undefined ? `--${option.name}` : `--${option.name} <${option.value}>`,
      `${option.describe} [${environmentName(option.name)}]`,
    );
    if (option.repeatable === true)
      flag.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(flag);
  }
  return command.option("--config <PATH>", "configuration file [MINIK_CONFIG] (default: /etc/minik/config.yaml)");
}

async function configOf<T>(
  command: Command,
  options: readonly Option[],
  knownKeys: readonly Option[] = options,
): Promise<T> {
  const flags: Record<string, unknown> = {};
  for (const option of options) {
    const name = option.name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    flags[option.name] = command.getOptionValue(name);
  }
  const file = (command.getOptionValue("config") as string | undefined) ?? process.env["MINIK_CONFIG"];
  return await loadConfig<T>({
    options: knownKeys,
    flags,
    env: process.env,
    file: file ?? "/etc/minik/config.yaml",
    fileRequired: file !== undefined,
  });
}

/** Runs one command line; resolves to the exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command("minik").description("Kubernetes in one process and one file").exitOverride();
  program.configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, "minik: ").replace(/\n(?=.)/g, " ")),
  });

  addFlags(
    program.command("server").description("run a cluster: API server, controllers, and this machine as a node"),
    serverOptions,
  ).action(async (_, command: Command) => {
    const config = completeServerConfig(await configOf<GivenServerConfig>(command, serverOptions));
    await (await import("./commands/server.ts")).server(config);
  });
  addFlags(program.command("kubeconfig").description("print the administrator's kubeconfig"), dataOptions).action(
    async (_, command: Command) => {
      const config = await configOf<ServerConfig>(command, dataOptions, serverOptions);
      await (await import("./commands/kubeconfig.ts")).printKubeconfig(config);
    },
  );
  addFlags(program.command("status").description("show whether the server runs and what it holds"), dataOptions)
    .option("-o, --output <FORMAT>", "text or json", "text")
    .action(async (_, command: Command) => {
      const config = await configOf<ServerConfig>(command, dataOptions, serverOptions);
      await (await import("./commands/status.ts")).status(config, command.getOptionValue("output") as string);
    });
  addFlags(
    program.command("killall").description("stop minik and every pod, container, mount, interface and rule it made"),
    dataOptions,
  ).action(async (_, command: Command) => {
    const config = await configOf<ServerConfig>(command, dataOptions, serverOptions);
    await (await import("./commands/killall.ts")).killall(config);
  });
  addFlags(
    program.command("uninstall").description("killall, then remove the data directory and the kubeconfig"),
    dataOptions,
  ).action(async (_, command: Command) => {
    const config = await configOf<ServerConfig>(command, dataOptions, serverOptions);
    await (await import("./commands/uninstall.ts")).uninstall(config);
  });
  program
    .command("completion")
    .argument("<SHELL>", "bash, zsh or fish")
    .description("print a completion script")
    .action(async (shell: string) => {
      await (await import("./commands/completion.ts")).printCompletion(program, shell);
    });
  program
    .command("version")
    .description("print the version")
    .action(() => {
      process.stdout.write(`minik ${MINIK_VERSION} (node ${process.version})\n`);
    });

  try {
    await program.parseAsync(argv);
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (err) {
    if (err instanceof CommanderError) return err.exitCode === 0 ? 0 : 1;
    if (err instanceof ConfigError || err instanceof UserError) {
      process.stderr.write(`minik: ${err.message}\n`);
      return 1;
    }
    throw err;
  }
}
