import { CommandError, run } from "#pkg/process/index.ts";
import type { ServicePort } from "./types.ts";

/**
 * UDP flows whose tracked way is no longer true: to endpoints that are gone, or recorded while a port had no endpoint.
 * TCP flows end by themselves. Each is the arguments of one `conntrack -D`.
 */
export function staleFlows(before: readonly ServicePort[], after: readonly ServicePort[]): string[][] {
  const stale: string[][] = [];
  const next = new Map(after.map((p) => [`${p.name}/${p.protocol}`, p]));
  for (const old of before) {
    if (old.protocol !== "udp") continue;
    const now = next.get(`${old.name}/${old.protocol}`);
    const kept = new Set(now?.endpoints.map((e) => `${e.ip}:${e.port}`));
    for (const endpoint of old.endpoints) {
      if (kept.has(`${endpoint.ip}:${endpoint.port}`)) continue;
      stale.push(["--orig-dst", old.clusterIp, "--dst-nat", endpoint.ip]);
      if (old.nodePort !== undefined) stale.push(["--orig-port-dst", String(old.nodePort), "--dst-nat", endpoint.ip]);
    }
    if (now !== undefined && old.endpoints.length === 0 && now.endpoints.length > 0) {
      for (const ip of [now.clusterIp, ...now.externalIps, ...now.loadBalancerIps]) stale.push(["--orig-dst", ip]);
      if (now.nodePort !== undefined) stale.push(["--orig-port-dst", String(now.nodePort)]);
    }
  }
  return stale;
}

/** Forgets the flows. A flow that is not there is fine. */
export async function forgetFlows(flows: readonly (readonly string[])[], signal: AbortSignal): Promise<void> {
  for (const flow of flows) {
    try {
      await run(["conntrack", "-D", "-f", "ipv4", "-p", "udp", ...flow], { signal });
    } catch (err) {
      if (!(err instanceof CommandError && /0 flow entries have been deleted/.test(err.stderr))) throw err;
    }
  }
}
