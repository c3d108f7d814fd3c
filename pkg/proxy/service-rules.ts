import { createHash } from "node:crypto";
import type { Endpoint, ServicePort, ServiceRules } from "./types.ts";

/** The mark of packets that leave with this node's address (upstream's default bit 14). */
export const MASQUERADE_MARK = "0x4000/0x4000";

/** Chain names are limited to 28 characters: a prefix and 16 of the hash, as upstream. */
function chain(prefix: string, ...parts: readonly string[]): string {
  const digest = createHash("sha256").update(parts.join("")).digest();
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let name = "";
  for (let bit = 0; bit < 80; bit += 5) {
    const word = ((digest[bit >> 3] as number) << 8) | (digest[(bit >> 3) + 1] as number);
    name += alphabet[(word >> (11 - (bit & 7))) & 31];
  }
  return `${prefix}${name}`;
}

const comment = (text: string): string => `-m comment --comment "${text}"`;

/** Chains of the endpoints, and the rules that spread over them: affinity first, then by even chance. */
function balance(port: ServicePort, endpoints: readonly Endpoint[], chains: Map<string, readonly string[]>): string[] {
  const targets = endpoints.map((endpoint) => {
    const name = chain("KUBE-SEP-", port.name, port.protocol, `${endpoint.ip}:${endpoint.port}`);
    const remember = port.affinitySeconds === undefined ? "" : ` -m recent --name ${name} --set`;
    chains.set(name, [
      `${comment(port.name)} -s ${endpoint.ip}/32 -j KUBE-MARK-MASQ`,
      `${comment(port.name)}${remember} -p ${port.protocol} -m ${port.protocol} -j DNAT --to-destination ${endpoint.ip}:${endpoint.port}`,
    ]);
    return { name, endpoint };
  });
  const label = (t: (typeof targets)[number]): string => comment(`${port.name} -> ${t.endpoint.ip}:${t.endpoint.port}`);
  const sticky =
    port.affinitySeconds === undefined
      ? []
      : targets.map(
          (t) =>
            `${label(t)} -m recent --name ${t.name} --rcheck --seconds ${port.affinitySeconds} --reap -j ${t.name}`,
        );
  const spread = targets.map((t, i) => {
    const left = targets.length - i;
    return `${label(t)}${left === 1 ? "" : ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}`} -j ${t.name}`;
  });
  return [...sticky, ...spread];
}

/** What the ports of one Service add to nat and filter. Pure. @param clusterCidr addresses of pods */
export function serviceRules(ports: readonly ServicePort[], clusterCidr: string): ServiceRules {
  const chains = new Map<string, readonly string[]>();
  const rules = {
    chains,
    natServices: [] as string[],
    natNodePorts: [] as string[],
    filterServices: [] as string[],
    filterExternal: [] as string[],
    filterFirewall: [] as string[],
  };
  for (const port of ports) addPort(port, clusterCidr, chains, rules);
  return rules;
}

function addPort(
  port: ServicePort,
  clusterCidr: string,
  chains: Map<string, readonly string[]>,
  rules: {
    natServices: string[];
    natNodePorts: string[];
    filterServices: string[];
    filterExternal: string[];
    filterFirewall: string[];
  },
): void {
  const { name, protocol } = port;
  const svc = chain("KUBE-SVC-", name, protocol);
  const svl = chain("KUBE-SVL-", name, protocol);
  const ext = chain("KUBE-EXT-", name, protocol);
  const to = (ip: string): string => `-d ${ip}/32 -p ${protocol} -m ${protocol} --dport ${port.port}`;
  const external = port.nodePort !== undefined || port.externalIps.length > 0 || port.loadBalancerIps.length > 0;
  const usesLocal = (port.internalLocal || (external && port.externalLocal)) && port.localEndpoints.length > 0;
  const usesCluster = port.endpoints.length > 0 && (!port.internalLocal || external);
  const fromOutside = `${comment(`${name} cluster IP`)} ! -s ${clusterCidr} ${to(port.clusterIp)} -j KUBE-MARK-MASQ`;

  if (usesCluster)
    chains.set(svc, [...(port.internalLocal ? [] : [fromOutside]), ...balance(port, port.endpoints, chains)]);
  if (usesLocal)
    chains.set(svl, [...(port.internalLocal ? [fromOutside] : []), ...balance(port, port.localEndpoints, chains)]);

  // A policy of Local with endpoints elsewhere drops; no endpoint at all is refused.
  const refusal = (local: boolean): string | undefined =>
    !port.hasEndpoints ? "REJECT" : local && port.localEndpoints.length === 0 ? "DROP" : undefined;
  const why = (verdict: string): string => comment(`${name} has no ${verdict === "DROP" ? "local " : ""}endpoints`);

  const internalRefusal = refusal(port.internalLocal);
  if (internalRefusal === undefined) {
    rules.natServices.push(
      `${comment(`${name} cluster IP`)} ${to(port.clusterIp)} -j ${port.internalLocal ? svl : svc}`,
    );
  } else {
    rules.filterServices.push(`${why(internalRefusal)} ${to(port.clusterIp)} -j ${internalRefusal}`);
  }
  if (!external) return;

  const externalRefusal = refusal(port.externalLocal);
  if (port.hasEndpoints) {
    chains.set(
      ext,
      port.externalLocal
        ? [
            // Pods and this node itself are not bound by the policy.
            `${comment(`pod traffic for ${name} external destinations`)} -s ${clusterCidr} -j ${svc}`,
            `${comment(`masquerade LOCAL traffic for ${name} external destinations`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
            `${comment(`route LOCAL traffic for ${name} external destinations`)} -m addrtype --src-type LOCAL -j ${svc}`,
            ...(port.localEndpoints.length === 0 ? [] : [`-j ${svl}`]),
          ]
        : [`${comment(`masquerade traffic for ${name} external destinations`)} -j KUBE-MARK-MASQ`, `-j ${svc}`],
    );
    for (const ip of port.externalIps) rules.natServices.push(`${comment(`${name} external IP`)} ${to(ip)} -j ${ext}`);
    addLoadBalancer(port, ext, to, chains, rules);
    if (port.nodePort !== undefined) {
      rules.natNodePorts.push(`${comment(name)} -p ${protocol} -m ${protocol} --dport ${port.nodePort} -j ${ext}`);
    }
  }
  if (externalRefusal !== undefined) {
    for (const ip of [...port.externalIps, ...port.loadBalancerIps]) {
      rules.filterExternal.push(`${why(externalRefusal)} ${to(ip)} -j ${externalRefusal}`);
    }
    if (port.nodePort !== undefined) {
      rules.filterExternal.push(
        `${why(externalRefusal)} -m addrtype --dst-type LOCAL -p ${protocol} -m ${protocol} --dport ${port.nodePort} -j ${externalRefusal}`,
      );
    }
  }
}

function addLoadBalancer(
  port: ServicePort,
  ext: string,
  to: (ip: string) => string,
  chains: Map<string, readonly string[]>,
  rules: { natServices: string[]; filterFirewall: string[] },
): void {
  if (port.loadBalancerIps.length === 0) return;
  let target = ext;
  if (port.loadBalancerSourceRanges.length > 0) {
    target = chain("KUBE-FW-", port.name, port.protocol);
    chains.set(
      target,
      port.loadBalancerSourceRanges.map((range) => `${comment(`${port.name} loadbalancer IP`)} -s ${range} -j ${ext}`),
    );
    // What no range let through still carries the load balancer's address here.
    for (const ip of port.loadBalancerIps) {
      rules.filterFirewall.push(
        `${comment(`${port.name} traffic not accepted by its source ranges`)} ${to(ip)} -j DROP`,
      );
    }
  }
  for (const ip of port.loadBalancerIps)
    rules.natServices.push(`${comment(`${port.name} loadbalancer IP`)} ${to(ip)} -j ${target}`);
}
