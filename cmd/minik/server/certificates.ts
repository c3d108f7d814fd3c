import { hostname } from "node:os";
import { join } from "node:path";
import { FRONT_PROXY_NAME } from "#pkg/apiserver/index.ts";
import {
  ensureAuthority,
  ensureCertificate,
  ensureServiceAccountKey,
  type KeyPair,
  type ServiceAccountKey,
} from "#pkg/pki/index.ts";

/** Everything TLS that a server keeps, in `<data-dir>/server/tls`. */
export interface Certificates {
  /** Signs what servers show. */
  readonly serverCa: KeyPair;
  /** Signs what clients show. */
  readonly clientCa: KeyPair;
  /** Signs what proxies show that speak for users: this server to extension servers, and others to this one. */
  readonly frontProxyCa: KeyPair;
  readonly frontProxyClient: KeyPair;
  readonly serving: KeyPair;
  /** The administrator's: system:masters. */
  readonly admin: KeyPair;
  /** With which the API server asks kubelets. */
  readonly kubeletClient: KeyPair;
  readonly kubeletServing: KeyPair;
  readonly serviceAccountKey: ServiceAccountKey;
}

export interface CertificateNames {
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly advertiseAddress: string;
  /** First address of the service CIDR: default/kubernetes. */
  readonly kubernetesIp: string;
  readonly clusterDomain: string;
  /** Names and addresses from --tls-san. */
  readonly more: readonly string[];
}

const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name);

/** Loads what is there and still good, and issues the rest. Called again by a timer, it renews while running. */
export async function ensureCertificates(dir: string, names: CertificateNames): Promise<Certificates> {
  const at = (name: string): string => join(dir, name);
  const [serverCa, clientCa, frontProxyCa, serviceAccountKey] = await Promise.all([
    ensureAuthority(at("server-ca"), "minik-server-ca"),
    ensureAuthority(at("client-ca"), "minik-client-ca"),
    ensureAuthority(at("front-proxy-ca"), "minik-front-proxy-ca", { pathLength: 0 }),
    ensureServiceAccountKey(at("service-account.key")),
  ]);
  const unique = (values: readonly string[]): string[] => [...new Set(values)];
  const [serving, kubeletServing, admin, kubeletClient, frontProxyClient] = await Promise.all([
    ensureCertificate(at("serving"), serverCa, {
      commonName: "kube-apiserver",
      usage: "server",
      dnsNames: unique([
        "localhost",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        `kubernetes.default.svc.${names.clusterDomain}`,
        hostname().toLowerCase(),
        names.nodeName,
        ...names.more.filter((name) => !isAddress(name)),
      ]),
      ipAddresses: unique([
        "127.0.0.1",
        "::1",
        names.kubernetesIp,
        names.nodeIp,
        names.advertiseAddress,
        ...names.more.filter(isAddress),
      ]),
    }),
    ensureCertificate(at("kubelet-serving"), serverCa, {
      commonName: `system:node:${names.nodeName}`,
      organizations: ["system:nodes"],
      usage: "server",
      dnsNames: unique([names.nodeName, "localhost"]),
      ipAddresses: unique(["127.0.0.1", names.nodeIp]),
    }),
    ensureCertificate(at("admin"), clientCa, {
      commonName: "system:admin",
      organizations: ["system:masters"],
      usage: "client",
    }),
    ensureCertificate(at("kubelet-client"), clientCa, {
      commonName: "system:apiserver",
      organizations: ["system:masters"],
      usage: "client",
    }),
    ensureCertificate(at("front-proxy-client"), frontProxyCa, { commonName: FRONT_PROXY_NAME, usage: "client" }),
  ]);
  return {
    serverCa,
    clientCa,
    frontProxyCa,
    frontProxyClient,
    serving,
    admin,
    kubeletClient,
    kubeletServing,
    serviceAccountKey,
  };
}
