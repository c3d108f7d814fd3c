import { ConfigError } from "./load.ts";
import type { ServerConfig } from "./options.ts";
import { addressNumber, addressRange, addressText } from "./syntax.ts";

/** What flags, environment and files gave; each value is good by itself. */
export interface GivenServerConfig extends Omit<ServerConfig, "clusterDns"> {
  readonly clusterDns?: string;
}

/** Place of the cluster DNS Service in the service CIDR. */
const DNS_OFFSET = 10;
/** Every node gets a /24 of the cluster CIDR. */
const NODE_PREFIX = 24;
/** Bounds of upstream's --service-cluster-ip-range, and room for the DNS Service. */
const SERVICE_PREFIX = { min: 12, max: 28 };

/**
 * Fills in what follows from other options, and refuses what cannot work together.
 * @throws {ConfigError} one line that names both
 */
export function completeServerConfig(given: GivenServerConfig): ServerConfig {
  const { clusterCidr, serviceCidr } = given;
  checkPrefixes(clusterCidr, serviceCidr);
  const [from, to] = addressRange(serviceCidr);
  const clusterDns = given.clusterDns ?? addressText(from + DNS_OFFSET);
  const dns = addressNumber(clusterDns);
  if (dns < from || dns > to)
    throw new ConfigError(
      `--cluster-dns ${clusterDns} is outside --service-cidr ${serviceCidr}: choose an address in it`,
    );
  if (dns <= from + 1 || dns === to)
    throw new ConfigError(
      `--cluster-dns ${clusterDns} is taken: the first, second and last address of --service-cidr ${serviceCidr} cannot be used`,
    );
  checkAddresses(given);
  checkPorts(given);
  return { ...given, clusterDns };
}

const prefixOf = (cidr: string): number => Number(cidr.split("/")[1]);

function checkPrefixes(clusterCidr: string, serviceCidr: string): void {
  if (prefixOf(clusterCidr) > NODE_PREFIX)
    throw new ConfigError(
      `--cluster-cidr ${clusterCidr} is too small: a node gets a /${NODE_PREFIX} of it, choose one of /${NODE_PREFIX} or larger`,
    );
  const prefix = prefixOf(serviceCidr);
  if (prefix < SERVICE_PREFIX.min || prefix > SERVICE_PREFIX.max)
    throw new ConfigError(
      `--service-cidr ${serviceCidr} cannot be used: choose one between /${SERVICE_PREFIX.min} and /${SERVICE_PREFIX.max}`,
    );
  const [clusterFrom, clusterTo] = addressRange(clusterCidr);
  const [serviceFrom, serviceTo] = addressRange(serviceCidr);
  if (clusterFrom <= serviceTo && serviceFrom <= clusterTo)
    throw new ConfigError(`--cluster-cidr ${clusterCidr} and --service-cidr ${serviceCidr} overlap: choose others`);
}

/** The machine's own addresses cannot be among those of pods or Services. */
function checkAddresses({ nodeIp, advertiseAddress, clusterCidr, serviceCidr }: GivenServerConfig): void {
  for (const [flag, address] of [
    ["--node-ip", nodeIp],
    ["--advertise-address", advertiseAddress],
  ] as const) {
    if (address === undefined) continue;
    for (const [cidrFlag, cidr] of [
      ["--cluster-cidr", clusterCidr],
      ["--service-cidr", serviceCidr],
    ] as const) {
      const [from, to] = addressRange(cidr);
      if (addressNumber(address) >= from && addressNumber(address) <= to)
        throw new ConfigError(`${flag} ${address} is inside ${cidrFlag} ${cidr}: choose another ${cidrFlag}`);
    }
  }
}

/** Everything that listens here needs a port of its own, which no Service can be given. */
function checkPorts(config: GivenServerConfig): void {
  const [from = 0, to = 0] = config.serviceNodePortRange.split("-").map(Number);
  const taken = new Map<number, string>();
  const ports: [string, number][] = [["--https-listen-port", config.httpsListenPort]];
  if (!config.disableAgent)
    ports.push(["--kubelet-port", config.kubeletPort], ["--kubelet-health-port", config.kubeletHealthPort]);
  for (const [flag, port] of ports) {
    const other = taken.get(port);
    if (other !== undefined) throw new ConfigError(`${flag} and ${other} are both ${port}: choose different ports`);
    taken.set(port, flag);
    if (port >= from && port <= to)
      throw new ConfigError(
        `${flag} ${port} is inside --service-node-port-range ${config.serviceNodePortRange}: choose another port or range`,
      );
  }
}
