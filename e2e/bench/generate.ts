import { fileURLToPath } from "node:url";
import { run } from "#pkg/process/index.ts";
import { inside } from "../lab/index.ts";
import type { Values } from "./measurement.ts";

const GENERATOR = fileURLToPath(new URL("./generator.ts", import.meta.url));
const TIMEOUT_MS = 300_000;

export interface GeneratorOptions {
  readonly kubeconfig: string;
  /** Image of pods that run. */
  readonly image: string;
  readonly scale: number;
}

export type GeneratorAnswer = { readonly values: Values } | { readonly skipped: string };

/** Runs one measurement in a generator process, inside the network namespace where there is one. */
export async function generate(
  options: GeneratorOptions & { readonly namespace: string | undefined },
  measurement: string,
): Promise<GeneratorAnswer> {
  const { namespace, ...rest } = options;
  const generator = [process.execPath, GENERATOR, measurement, JSON.stringify(rest)] as const;
  const { stdout, stderr } = await run(namespace === undefined ? generator : [...inside(namespace), ...generator], {
    timeoutMs: TIMEOUT_MS,
  });
  process.stderr.write(stderr);
  return JSON.parse(stdout) as GeneratorAnswer;
}
