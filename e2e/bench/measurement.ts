import type { Host } from "../lab/index.ts";
import type { Api } from "./api.ts";
import type { FigureKey } from "./figures.ts";

/** Measured values in the unit that figures.ts names. */
export type Values = Partial<Record<FigureKey, number>>;

/** What a measurement through the API gets. Its namespaces are removed after it. */
export interface Bench {
  readonly api: Api;
  /** One more connection; closed by the caller. */
  readonly connect: () => Promise<Api>;
  /** A new namespace, ready for pods. */
  readonly namespace: () => Promise<string>;
  /** This run's own word for labels and names. */
  readonly run: string;
  /** `count` made smaller or larger by --scale. */
  readonly count: (count: number) => number;
  /** The test image of pods on a real node. */
  readonly image: string;
  readonly signal: AbortSignal;
}

/** Runs in the generator, against any kubeconfig. */
export interface ApiMeasurement {
  readonly name: string;
  readonly figures: readonly FigureKey[];
  /** Pods that run: skipped where the target has no Ready node. */
  readonly needsNode?: boolean;
  run(bench: Bench): Promise<Values>;
}

/** Needs the processes of the server itself: only for the minik that the bench starts. */
export interface HostMeasurement {
  readonly name: string;
  readonly figures: readonly FigureKey[];
  /** Runs on a host where the server does not run yet. */
  readonly startsServer?: boolean;
  run(host: Host): Promise<Values>;
}
