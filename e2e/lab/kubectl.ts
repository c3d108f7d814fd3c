import { access, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";

export interface Kubectl {
  /** "1.27", or "default" for the one on the PATH. */
  readonly version: string;
  readonly program: string;
}

async function onPath(name: string): Promise<string | undefined> {
  for (const dir of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(dir, name);
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return undefined;
}

/**
 * The kubectl versions to test with: those of `versions` that stand beside the kubectl of the PATH as kubectl.<version>;
 * the kubectl of the PATH where there is none of them.
 */
export async function findKubectls(versions: readonly string[]): Promise<readonly Kubectl[]> {
  const program = await onPath("kubectl");
  if (program === undefined) throw new Error("kubectl is missing: install the package kubernetes-client");
  const dir = dirname(await realpath(program));
  const found: Kubectl[] = [];
  for (const version of versions) {
    const file = join(dir, `kubectl.${version}`);
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      found.push({ version, program: file });
  }
  return found.length > 0 ? found : [{ version: "default", program }];
}
