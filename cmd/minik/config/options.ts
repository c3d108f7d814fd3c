import { isIPv4 } from "node:net";
import * as z from "zod";
import { isCidr, isDnsName, isLabel, isSubjectName, isTaint } from "./syntax.ts";

/** One flag: also a key of the configuration file, and the environment variable MINIK_<NAME>. */
export interface Option {
  readonly name: string;
  readonly describe: string;
  readonly schema: z.ZodType;
  /** Shown in help as the value's name; absent for switches. */
  readonly value?: string;
  readonly repeatable?: boolean;
}

const PORT = "must be a port between 1 and 65535";
const port = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], PORT)
  .refine((v) => Number.isInteger(v) && v >= 1 && v <= 65_535, PORT);
const SECONDS = "must be a whole number of seconds, at least 1";
const seconds = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], SECONDS)
  .refine((v) => Number.isInteger(v) && v >= 1, SECONDS);
const text = z.string("must be text");
const ip = text.refine((v) => isIPv4(v), "must be an IPv4 address like 192.0.2.10");
const cidr = text.refine(isCidr, "must be an IPv4 CIDR like 10.42.0.0/16");
const bool = z.union([z.boolean(), z.enum(["true", "false"]).transform((v) => v === "true")], "must be true or false");
/** Each of the values; "a,b" is two of them. */
const list = (isValid: (value: string) => boolean, message: string) =>
  z
    .union([z.array(z.string()), z.string().transform((v) => v.split(","))], "must be a list of texts")
    .refine((values) => values.every(isValid), message);
const path = text.refine((v) => v.startsWith("/"), "must be an absolute path");
const nodeName = text.refine(isDnsName, "must be a lowercase host name like node-1");
const portRange = text.refine((v) => {
  const [from, to] = v.split("-").map(Number);
  return /^\d+-\d+$/.test(v) && from !== undefined && to !== undefined && from >= 1 && from <= to && to <= 65_535;
}, "must be a range of ports like 30000-32767");

/** Options of every subcommand that touches a data directory. */
export const dataOptions: readonly Option[] = [
  { name: "data-dir", value: "PATH", describe: "where minik keeps everything", schema: path.default("/var/lib/minik") },
];

/** Options of a node, for server and agent. */
export const nodeOptions: readonly Option[] = [
  {
    name: "node-name",
    value: "NAME",
    describe: "name of this node (default: the host name)",
    schema: nodeName.optional(),
  },
  {
    name: "node-ip",
    value: "IP",
    describe: "address of this node (default: of the interface with the default route)",
    schema: ip.optional(),
  },
  {
    name: "node-label",
    value: "KEY=VALUE",
    repeatable: true,
    describe: "label the Node gets when it registers",
    schema: list(isLabel, "must be KEY=VALUE as labels are, like disk=ssd").default([]),
  },
  {
    name: "node-taint",
    value: "KEY=VALUE:EFFECT",
    repeatable: true,
    describe: "taint the Node gets when it registers",
    schema: list(
      isTaint,
      "must be KEY=VALUE:EFFECT with the effect NoSchedule, PreferNoSchedule or NoExecute, like dedicated=db:NoSchedule",
    ).default([]),
  },
  {
    name: "container-runtime-endpoint",
    value: "URL",
    describe: "CRI socket of a runtime that already runs",
    schema: text.regex(/^unix:\/\/\/.+/, "must be a socket like unix:///run/containerd/containerd.sock").optional(),
  },
  {
    name: "snapshotter",
    value: "NAME",
    describe: "containerd snapshotter",
    schema: z.enum(["overlayfs", "native"], "must be overlayfs or native").default("overlayfs"),
  },
  {
    name: "pause-image",
    value: "IMAGE",
    describe: "sandbox image (default: the one built in)",
    schema: text.min(1, "must name an image").optional(),
  },
];

/** Options of `minik server`. */
export const serverOptions: readonly Option[] = [
  ...dataOptions,
  {
    name: "write-kubeconfig",
    value: "PATH",
    describe: "where the administrator's kubeconfig is written",
    schema: path.default("/etc/minik/minik.yaml"),
  },
  {
    name: "write-kubeconfig-mode",
    value: "MODE",
    describe: "file mode of the kubeconfig",
    // YAML reads 600 as a number.
    schema: z
      .union([z.string(), z.number().transform(String)], "must be a file mode like 600")
      .refine((v) => /^0?[0-7]{3}$/.test(v), "must be a file mode like 600")
      .default("600"),
  },
  { name: "bind-address", value: "IP", describe: "address the API server listens on", schema: ip.default("0.0.0.0") },
  { name: "https-listen-port", value: "PORT", describe: "port the API server listens on", schema: port.default(6443) },
  {
    name: "advertise-address",
    value: "IP",
    describe: "address that pods and nodes reach the API server at (default: the node's)",
    schema: ip.optional(),
  },
  {
    name: "tls-san",
    value: "NAME",
    repeatable: true,
    describe: "more names or addresses for the API server's certificate",
    schema: list(isSubjectName, "must be DNS names or addresses, like api.example.org").default([]),
  },
  { name: "cluster-cidr", value: "CIDR", describe: "addresses of pods", schema: cidr.default("10.42.0.0/16") },
  { name: "service-cidr", value: "CIDR", describe: "addresses of Services", schema: cidr.default("10.43.0.0/16") },
  {
    name: "cluster-dns",
    value: "IP",
    describe: "address of the cluster DNS Service (default: the tenth of the service CIDR)",
    schema: ip.optional(),
  },
  {
    name: "cluster-domain",
    value: "DOMAIN",
    describe: "DNS domain of the cluster",
    schema: text.refine(isDnsName, "must be a domain like cluster.local").default("cluster.local"),
  },
  {
    name: "service-node-port-range",
    value: "FROM-TO",
    describe: "ports of NodePort Services",
    schema: portRange.default("30000-32767"),
  },
  { name: "disable-agent", describe: "run no kubelet and no proxy", schema: bool.default(false) },
  { name: "disable-kube-proxy", describe: "write no Service rules", schema: bool.default(false) },
  { name: "disable-scheduler", describe: "place no pods: another scheduler does", schema: bool.default(false) },
  {
    name: "disable-controller-manager",
    describe: "run no controllers: another controller manager does",
    schema: bool.default(false),
  },
  { name: "kubelet-port", value: "PORT", describe: "port of the kubelet's API", schema: port.default(10_250) },
  {
    name: "kubelet-health-port",
    value: "PORT",
    describe: "port of the kubelet's health check on 127.0.0.1",
    schema: port.default(10_248),
  },
  {
    name: "leader-elect-lease-duration",
    value: "SECONDS",
    describe: "life of a leader's lease",
    schema: seconds.default(15),
  },
  {
    name: "compaction-interval",
    value: "SECONDS",
    describe: "how long watches can resume at the least; older history is forgotten",
    schema: seconds.default(300),
  },
  {
    name: "log-level",
    value: "LEVEL",
    describe: "debug, info, warn or error",
    schema: z.enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error").default("info"),
  },
  ...nodeOptions,
];

export interface DataConfig {
  readonly dataDir: string;
}

export interface ServerConfig extends DataConfig {
  readonly writeKubeconfig: string;
  readonly writeKubeconfigMode: string;
  readonly bindAddress: string;
  readonly httpsListenPort: number;
  readonly advertiseAddress?: string;
  readonly tlsSan: readonly string[];
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly clusterDns: string;
  readonly clusterDomain: string;
  readonly serviceNodePortRange: string;
  readonly disableAgent: boolean;
  readonly disableKubeProxy: boolean;
  readonly disableScheduler: boolean;
  readonly disableControllerManager: boolean;
  readonly kubeletPort: number;
  readonly kubeletHealthPort: number;
  readonly leaderElectLeaseDuration: number;
  readonly compactionInterval: number;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly nodeName?: string;
  readonly nodeIp?: string;
  readonly nodeLabel: readonly string[];
  readonly nodeTaint: readonly string[];
  readonly containerRuntimeEndpoint?: string;
  readonly snapshotter: "overlayfs" | "native";
  readonly pauseImage?: string;
}
