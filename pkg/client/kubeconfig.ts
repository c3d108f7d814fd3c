import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { load } from "js-yaml";
import * as z from "zod";
import type { Pem, ServerAccess } from "./credentials.ts";

const cluster = z.object({
  server: z.url({ protocol: /^https$/ }),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
});
const user = z.object({
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  exec: z.undefined({ error: "credential plugins are not supported" }).optional(),
  "auth-provider": z.undefined({ error: "credential plugins are not supported" }).optional(),
});
const kubeconfig = z.object({
  clusters: z.array(z.object({ name: z.string(), cluster })),
  users: z.array(z.object({ name: z.string(), user: user.nullish() })).nullish(),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string().optional() }) }),
  ),
  "current-context": z.string().optional(),
});

/**
 * How a kubeconfig file says to reach the cluster of its current (or the named) context. Files it points to are relative
 * to it and are read when connecting. Throws an Error of one line that names the file.
 */
export async function loadKubeconfig(file: string, options: { readonly context?: string } = {}): Promise<ServerAccess> {
  const parsed = kubeconfig.safeParse(load(await readFile(file, "utf8")));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${file} is not a kubeconfig: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
  const config = parsed.data;
  const name = options.context ?? config["current-context"];
  const context = config.contexts.find((c) => c.name === name)?.context;
  if (context === undefined) throw new Error(`${file} has no context "${name ?? ""}"`);
  const target = config.clusters.find((c) => c.name === context.cluster)?.cluster;
  if (target === undefined) throw new Error(`${file} has no cluster "${context.cluster}"`);
  const identity = config.users?.find((u) => u.name === context.user)?.user ?? {};

  const pem = (data: string | undefined, path: string | undefined): Pem | undefined => {
    if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
    return path === undefined ? undefined : { file: resolve(dirname(file), path) };
  };
  const ca = pem(target["certificate-authority-data"], target["certificate-authority"]);
  const cert = pem(identity["client-certificate-data"], identity["client-certificate"]);
  const key = pem(identity["client-key-data"], identity["client-key"]);
  return {
    server: target.server,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(identity.token === undefined ? {} : { token: identity.token }),
    ...(identity.tokenFile === undefined ? {} : { tokenFile: resolve(dirname(file), identity.tokenFile) }),
    ...(target["insecure-skip-tls-verify"] === true ? { insecureSkipTlsVerify: true } : {}),
    ...(target["tls-server-name"] === undefined ? {} : { tlsServerName: target["tls-server-name"] }),
  };
}
