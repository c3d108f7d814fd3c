import { configmaps } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/types.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import { FRONT_PROXY_NAME } from "../auth/index.ts";

/** What extension servers need to know who asks them. */
export interface AuthenticationAuthorities {
  /** PEM, of client certificates. */
  readonly client: string;
  /** PEM, of front proxies: this server's own among them. */
  readonly frontProxy: string;
}

const AT = { namespace: "kube-system", name: "extension-apiserver-authentication" } as const;

/** kube-system/extension-apiserver-authentication, from which extension servers configure themselves. */
export async function reconcileAuthenticationConfig(
  client: Pick<Client, "get" | "create" | "update">,
  authorities: AuthenticationAuthorities,
): Promise<void> {
  const data = dataOf(authorities);
  try {
    const now = await client.get(configmaps, AT);
    if (Object.entries(data).every(([key, value]) => now.data?.[key] === value)) return;
    await client.update(configmaps, { ...now, data: { ...now.data, ...data } });
  } catch (err) {
    if (!isNotFound(err)) throw err;
    await client.create(configmaps, { metadata: { ...AT }, data }).catch((failed: unknown) => {
      if (!isAlreadyExists(failed)) throw failed;
    });
  }
}

function dataOf({ client, frontProxy }: AuthenticationAuthorities): Record<string, string> {
  return {
    "client-ca-file": client,
    "requestheader-client-ca-file": frontProxy,
    "requestheader-allowed-names": JSON.stringify([FRONT_PROXY_NAME]),
    "requestheader-username-headers": JSON.stringify(["X-Remote-User"]),
    "requestheader-uid-headers": JSON.stringify(["X-Remote-Uid"]),
    "requestheader-group-headers": JSON.stringify(["X-Remote-Group"]),
    "requestheader-extra-headers-prefix": JSON.stringify(["X-Remote-Extra-"]),
  };
}
