import type { Logger } from "#pkg/log/index.ts";
import type { ObjectReader } from "../types.ts";

/** With which the API server speaks to kubelets: its client certificate, and the authority of theirs. PEM. */
export interface KubeletTls {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly ca: string | Buffer;
}

export interface StreamingOptions {
  readonly reader: ObjectReader;
  /** Asked for each connection, since certificates renew while running. */
  readonly kubeletTls: () => KubeletTls;
  readonly log: Logger;
}

/** Where to send a request: a kubelet, a pod or a service's endpoint. */
export interface Location {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** Path and query, percent-encoded. */
  readonly path: string;
  /** The kubelet's own API: with our certificate, and its certificate is verified. Pods' certificates are not. */
  readonly kubelet: boolean;
}
