import { until } from "#pkg/async/index.ts";
import type { Api } from "./api.ts";

const READY_TIMEOUT_MS = 3_000;
const GONE_TIMEOUT_MS = 60_000;

/** The namespaces of one measurement. */
export class Namespaces {
  readonly #api: Api;
  readonly #prefix: string;
  readonly #made: string[] = [];
  #controllers = true;

  constructor(api: Api, prefix: string) {
    this.#api = api;
    this.#prefix = prefix;
  }

  /** A new namespace. Waits for what the controller manager puts into it, where there is a controller manager. */
  async create(): Promise<string> {
    const name = `${this.#prefix}-${this.#made.length}`;
    await this.#api.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    this.#made.push(name);
    const furnished = async (): Promise<boolean> =>
      (await this.#exists(`/api/v1/namespaces/${name}/serviceaccounts/default`)) &&
      (await this.#exists(`/api/v1/namespaces/${name}/configmaps/kube-root-ca.crt`));
    try {
      await until(furnished, { timeoutMs: READY_TIMEOUT_MS, what: "service account and root CA" });
    } catch {
      this.#controllers = false;
      process.stderr.write(`namespace ${name} stays empty: no controller manager?\n`);
    }
    return name;
  }

  /** Removes all, so that their removal does not burden the next measurement. Says what did not go. */
  async removeAll(): Promise<void> {
    for (const name of this.#made) {
      const path = `/api/v1/namespaces/${name}`;
      if (!(await this.#exists(path))) continue;
      await this.#api.call("DELETE", `${path}/configmaps`);
      await this.#api.call("DELETE", path, undefined, { expected: [404, 409] });
      if (!this.#controllers) continue;
      try {
        await until(async () => !(await this.#exists(path)), { timeoutMs: GONE_TIMEOUT_MS, what: "its end" });
      } catch (err) {
        process.stderr.write(`namespace ${name} is left: ${(err as Error).message}\n`);
      }
    }
  }

  async #exists(path: string): Promise<boolean> {
    const { kind } = await this.#api.call<{ kind: string }>("GET", path, undefined, { expected: [404] });
    return kind !== "Status";
  }
}
