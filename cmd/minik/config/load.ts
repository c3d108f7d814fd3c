import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import type { Option } from "./options.ts";

/** A flag, key or value that cannot work: one line that says what to change. */
export class ConfigError extends Error {
  readonly code = "BAD_CONFIG";
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
export const environmentName = (name: string): string => `MINIK_${name.toUpperCase().replaceAll("-", "_")}`;

async function readLayer(
  file: string,
  options: readonly Option[],
  required: boolean,
): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (err) {
    if (!required && (err as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new ConfigError(`cannot read the configuration file ${file}: ${(err as Error).message}`);
  }
  let data: unknown;
  try {
    data = loadAll(text)[0] ?? {};
  } catch (err) {
    throw new ConfigError(`${file} is not YAML: ${(err as Error).message.split("\n")[0]?.replace(/:$/, "")}`);
  }
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw new ConfigError(`${file} must be a map of flag names to values`);
  const known = new Set(options.map((o) => o.name));
  for (const key of Object.keys(data)) {
    if (!known.has(key))
      throw new ConfigError(
        `unknown key "${key}" in ${file}: keys are flag names without dashes in front, see minik server --help`,
      );
  }
  return data as Record<string, unknown>;
}

/**
 * Puts the layers together: defaults, then `file` and `file`.d/*.yaml in order of name, then environment, then flags.
 * @param flags what the command line said, by flag name
 * @throws {ConfigError} on unknown keys and impossible values
 */
export async function loadConfig<T>(parts: {
  readonly options: readonly Option[];
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: NodeJS.ProcessEnv;
  readonly file: string;
  readonly fileRequired: boolean;
}): Promise<T> {
  const { options, flags, env, file } = parts;
  const layers: { readonly values: Readonly<Record<string, unknown>>; readonly from: string }[] = [];
  layers.push({ values: await readLayer(file, options, parts.fileRequired), from: file });
  const drops = await readdir(`${file}.d`).catch(() => [] as string[]);
  for (const name of drops.filter((n) => n.endsWith(".yaml")).sort((a, b) => (a < b ? -1 : 1))) {
    const drop = join(`${file}.d`, name);
    layers.push({ values: await readLayer(drop, options, true), from: drop });
  }
  const result: Record<string, unknown> = {};
  for (const option of options) {
    let value: unknown;
    let from = "";
    for (const layer of layers) {
      if (layer.values[option.name] !== undefined)
        [value, from] = [layer.values[option.name], `${option.name} in ${layer.from}`];
    }
    const variable = environmentName(option.name);
    if (env[variable] !== undefined) [value, from] = [env[variable], variable];
    if (flags[option.name] !== undefined) [value, from] = [flags[option.name], `--${option.name}`];
    const parsed = option.schema.safeParse(value);
    if (!parsed.success)
      throw new ConfigError(`${from}: ${JSON.stringify(value)} ${parsed.error.issues[0]?.message ?? "is not valid"}`);
    if (parsed.data !== undefined) result[camel(option.name)] = parsed.data;
  }
  return result as T;
}
