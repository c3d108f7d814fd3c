import { dump } from "js-yaml";
import type { KeyPair } from "./types.ts";

export interface KubeconfigOptions {
  /** "https://127.0.0.1:6443" */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly authority: string;
  readonly user: string;
  readonly credentials: KeyPair;
}

/** A kubeconfig with one cluster, user and context, all data inline. */
export function kubeconfig({ server, authority, user, credentials }: KubeconfigOptions): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return dump(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "minik", cluster: { server, "certificate-authority-data": base64(authority) } }],
      users: [
        {
          name: user,
          user: {
            "client-certificate-data": base64(credentials.cert),
            "client-key-data": base64(credentials.key),
          },
        },
      ],
      contexts: [{ name: "minik", context: { cluster: "minik", user } }],
      "current-context": "minik",
    },
    { lineWidth: -1 },
  );
}
