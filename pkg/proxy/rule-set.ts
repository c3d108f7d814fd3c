import type { RuleSet, ServiceRules } from "./types.ts";
import { MASQUERADE_MARK } from "./service-rules.ts";

/** Where the proxy's chains hang in the tables: [table, rule], added once, at the head. */
export const JUMPS = [
  ["nat", ["PREROUTING", "-m", "comment", "--comment", "kubernetes service portals", "-j", "KUBE-SERVICES"]],
  ["nat", ["OUTPUT", "-m", "comment", "--comment", "kubernetes service portals", "-j", "KUBE-SERVICES"]],
  ["nat", ["POSTROUTING", "-m", "comment", "--comment", "kubernetes postrouting rules", "-j", "KUBE-POSTROUTING"]],
  ["filter", ["FORWARD", "-m", "comment", "--comment", "kubernetes forwarding rules", "-j", "KUBE-FORWARD"]],
  ...["FORWARD", "OUTPUT"].map((c) => newOnly(c, "KUBE-SERVICES")),
  ...["INPUT", "FORWARD"].map((c) => newOnly(c, "KUBE-EXTERNAL-SERVICES")),
  ...["INPUT", "FORWARD", "OUTPUT"].map((c) => newOnly(c, "KUBE-PROXY-FIREWALL")),
  ["filter", ["INPUT", "-j", "KUBE-FIREWALL"]],
  ["filter", ["OUTPUT", "-j", "KUBE-FIREWALL"]],
] as const satisfies readonly (readonly [string, readonly string[]])[];

function newOnly(chain: string, target: string): ["filter", string[]] {
  return ["filter", [chain, "-m", "conntrack", "--ctstate", "NEW", "-j", target]];
}

/** All chains of the proxy, from what each Service adds, in the order given. */
export function ruleSet(services: Iterable<ServiceRules>): RuleSet {
  const nat = new Map<string, readonly string[]>();
  const natServices: string[] = [];
  const nodePorts: string[] = [];
  const filterServices: string[] = [];
  const filterExternal: string[] = [];
  const firewall: string[] = [];
  for (const rules of services) {
    for (const [name, lines] of rules.chains) nat.set(name, lines);
    natServices.push(...rules.natServices);
    nodePorts.push(...rules.natNodePorts);
    filterServices.push(...rules.filterServices);
    filterExternal.push(...rules.filterExternal);
    firewall.push(...rules.filterFirewall);
  }
  // Last, so that a node port never hides a Service address of this node.
  natServices.push("-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS");
  const mark = MASQUERADE_MARK.split("/")[0];
  nat.set("KUBE-SERVICES", natServices);
  nat.set("KUBE-NODEPORTS", nodePorts);
  nat.set("KUBE-MARK-MASQ", [`-j MARK --or-mark ${mark}`]);
  nat.set("KUBE-POSTROUTING", [
    `-m mark ! --mark ${MASQUERADE_MARK} -j RETURN`,
    // Taken off, so that the packet is not masqueraded again on its way through another stack.
    `-j MARK --xor-mark ${mark}`,
    "-j MASQUERADE --random-fully",
  ]);
  const filter = new Map<string, readonly string[]>([
    ["KUBE-SERVICES", filterServices],
    ["KUBE-EXTERNAL-SERVICES", filterExternal],
    ["KUBE-PROXY-FIREWALL", firewall],
    [
      "KUBE-FORWARD",
      [
        "-m conntrack --ctstate INVALID -j DROP",
        `-m mark --mark ${MASQUERADE_MARK} -j ACCEPT`,
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      ],
    ],
    [
      "KUBE-FIREWALL",
      // route_localnet lets 127.0.0.1 reach node ports; nobody else may reach loopback through it.
      ["! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"],
    ],
  ]);
  return { nat, filter };
}
