import type { CriClient } from "#pkg/cri/index.ts";

/** Whether the runtime and its network are up, as the runtime itself says. */
export class RuntimeStatus {
  readonly #cri: CriClient;
  #name = "containerd";
  #runtimeProblem: string | undefined = "not asked yet";
  #networkProblem: string | undefined = "not asked yet";
  #networkReady: () => void = () => undefined;
  readonly #changed: () => void;

  constructor(parts: { readonly cri: CriClient; readonly changed: () => void }) {
    this.#cri = parts.cri;
    this.#changed = parts.changed;
  }

  /** "containerd": the scheme of container ids. */
  get name(): string {
    return this.#name;
  }

  get networkProblem(): string | undefined {
    return this.#networkProblem;
  }

  onNetworkReady(listener: () => void): void {
    this.#networkReady = listener;
  }

  /** Asks now. Never rejects: a runtime that does not answer is what it reports. */
  async refresh(): Promise<{
    readonly runtimeProblem: string | undefined;
    readonly networkProblem: string | undefined;
  }> {
    const before = this.#networkProblem;
    try {
      const { status } = await this.#cri.runtime.status({}, { timeoutMs: 5_000 });
      const conditions = status?.conditions ?? [];
      const problemOf = (type: string): string | undefined => {
        const condition = conditions.find((candidate) => candidate.type === type);
        return condition?.status === true ? undefined : (condition?.message ?? `${type} is unknown`);
      };
      this.#runtimeProblem = problemOf("RuntimeReady");
      this.#networkProblem = problemOf("NetworkReady")?.replace(/^Network plugin returns error: /, "");
      const { runtimeName = "" } = await this.#cri.runtime.version({}, { timeoutMs: 5_000 });
      if (runtimeName !== "") this.#name = runtimeName;
    } catch (err) {
      this.#runtimeProblem = (err as Error).message;
    }
    if (before !== undefined && this.#networkProblem === undefined) {
      this.#networkReady();
      this.#changed();
    }
    return { runtimeProblem: this.#runtimeProblem, networkProblem: this.#networkProblem };
  }
}
