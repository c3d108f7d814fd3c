import { writeFile } from "node:fs/promises";
import { isAbort, sleep } from "#pkg/async/index.ts";
import { nodes, type Service, services } from "#pkg/api/types/core-v1.ts";
import { type EndpointSlice, endpointslices } from "#pkg/api/types/discovery-v1.ts";
import type { Informer, InformerFactory } from "#pkg/client/index.ts";
import { keyOf } from "#pkg/client/index.ts";
import type { Iptables } from "#pkg/iptables/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { forgetFlows, staleFlows } from "./conntrack.ts";
import { HealthCheckNodePorts } from "./health-check-node-ports.ts";
import { restoreText } from "./restore-text.ts";
import { JUMPS, ruleSet } from "./rule-set.ts";
import { servicePorts } from "./service-ports.ts";
import { serviceRules } from "./service-rules.ts";
import type { RuleSet, ServicePort, ServiceRules } from "./types.ts";

export interface ProxierOptions {
  readonly informers: InformerFactory;
  readonly nodeName: string;
  readonly clusterCidr: string;
  readonly iptables: Iptables;
  readonly log: Logger;
}

const EMPTY: RuleSet = { nat: new Map(), filter: new Map() };
const SERVICE_NAME = "kubernetes.io/service-name";
/** Changes that come together are written together. */
const MIN_INTERVAL_MS = 100;
/** How often somebody else's flush of the tables is looked for. */
const AUDIT_INTERVAL_MS = 30_000;

/** kube-proxy: keeps the node's iptables equal to Services and EndpointSlices. */
export class Proxier {
  readonly #options: ProxierOptions;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #healthChecks: HealthCheckNodePorts;
  /** Per Service: what was computed last. */
  readonly #known = new Map<string, { readonly ports: readonly ServicePort[]; readonly rules: ServiceRules }>();
  readonly #dirty = new Set<string>();
  #applied: RuleSet = EMPTY;
  #zone: string | undefined;
  #wake: (() => void) | undefined;

  constructor(options: ProxierOptions) {
    this.#options = options;
    this.#healthChecks = new HealthCheckNodePorts({ log: options.log });
    this.#services = options.informers.informer(services);
    this.#slices = options.informers.informer(endpointslices);
    this.#slices.addIndex("service", (slice) => {
      const name = slice.metadata.labels?.[SERVICE_NAME];
      return name === undefined ? [] : [`${slice.metadata.namespace}/${name}`];
    });
    const node = options.informers.informer(nodes, { fieldSelector: `metadata.name=${options.nodeName}` });
    const service = (object: Service): void => this.#touch(keyOf(object));
    const slice = (object: EndpointSlice): void => {
      const name = object.metadata.labels?.[SERVICE_NAME];
      if (name !== undefined) this.#touch(`${object.metadata.namespace}/${name}`);
    };
    this.#services.addHandler({ add: service, update: service, delete: service });
    this.#slices.addHandler({ add: slice, update: slice, delete: slice });
    const zone = (object: { metadata: { labels?: Readonly<Record<string, string>> } }): void => {
      const now = object.metadata.labels?.["topology.kubernetes.io/zone"];
      if (now === this.#zone) return;
      this.#zone = now;
      for (const key of this.#known.keys()) this.#touch(key);
    };
    node.addHandler({ add: zone, update: zone });
  }

  #touch(key: string): void {
    this.#dirty.add(key);
    this.#wake?.();
  }

  /** Writes rules until the signal aborts; they stay behind, so that Services work while minik restarts. */
  async start(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    try {
      await Promise.all([this.#services.synced(signal), this.#slices.synced(signal)]);
      await this.#prepare();
      let audit = Date.now() + AUDIT_INTERVAL_MS;
      while (!signal.aborted) {
        try {
          if (Date.now() >= audit) {
            audit = Date.now() + AUDIT_INTERVAL_MS;
            await this.#audit();
          }
          await this.#sync(signal);
          await sleep(MIN_INTERVAL_MS, signal);
        } catch (err) {
          if (signal.aborted) break;
          // The tables are in an unknown state: everything is written again.
          this.#applied = EMPTY;
          log.error("cannot write Service rules", { err });
          await sleep(1_000, signal);
        }
        if (this.#dirty.size === 0 && this.#applied !== EMPTY) await this.#idle(audit - Date.now(), signal);
      }
    } catch (err) {
      if (!isAbort(err) && !signal.aborted) throw err;
    } finally {
      this.#healthChecks.close();
    }
  }

  /** Node ports answer on 127.0.0.1 too. */
  async #prepare(): Promise<void> {
    await writeFile("/proc/sys/net/ipv4/conf/all/route_localnet", "1");
  }

  async #idle(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, Math.max(0, timeoutMs));
      const wake = (): void => done();
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      }
      this.#wake = wake;
      signal.addEventListener("abort", wake, { once: true });
    });
    this.#wake = undefined;
  }

  async #audit(): Promise<void> {
    const [table, rule] = JUMPS[0];
    if (this.#applied !== EMPTY && !(await this.#options.iptables.check(table, rule))) {
      this.#options.log.warn("Service rules were removed by somebody else; writing them again");
      this.#applied = EMPTY;
    }
  }

  async #sync(signal: AbortSignal): Promise<void> {
    if (this.#dirty.size === 0 && this.#applied !== EMPTY) return;
    const { iptables, log, clusterCidr, nodeName } = this.#options;
    const began = performance.now();
    const keys = [...this.#dirty];
    this.#dirty.clear();
    const flows: string[][] = [];
    for (const key of keys) {
      const service = this.#services.lister.getByKey(key);
      const slices = this.#slices.lister.byIndex("service", key);
      const ports = service === undefined ? [] : servicePorts(service, slices, { nodeName, zone: this.#zone });
      flows.push(...staleFlows(this.#known.get(key)?.ports ?? [], ports));
      this.#healthChecks.update(key, service, ports[0]?.localEndpoints.length ?? 0);
      if (ports.length === 0) this.#known.delete(key);
      else this.#known.set(key, { ports, rules: serviceRules(ports, clusterCidr) });
    }
    const wanted = ruleSet([...this.#known.values()].map((entry) => entry.rules));
    const first = this.#applied === EMPTY;
    const text = restoreText(first ? await this.#left() : this.#applied, wanted);
    if (text !== "") await iptables.restore(text, signal);
    if (first) for (const [table, rule] of JUMPS) await iptables.ensureFirst(table, rule);
    this.#applied = wanted;
    if (text !== "") {
      log.debug("service rules written", {
        services: keys.length,
        bytes: text.length,
        ms: Math.round(performance.now() - began),
      });
    }
    await forgetFlows(flows, signal);
  }

  /** Chains of an earlier run that nobody wants any more must go: known by name, their content written anew. */
  async #left(): Promise<RuleSet> {
    const chains = async (table: string): Promise<Map<string, readonly string[]>> => {
      const text = await this.#options.iptables.save(table);
      const names = [...text.matchAll(/^:(KUBE-(?:SVC|SVL|SEP|EXT|FW)-\S+) /gm)].map((m) => m[1] as string);
      return new Map(names.map((name) => [name, ["?"]]));
    };
    return { nat: await chains("nat"), filter: new Map() };
  }
}

/** Removes the proxy's chains and the jumps to them. */
export async function removeServiceRules(iptables: Iptables): Promise<void> {
  for (const [table, rule] of JUMPS) await iptables.remove(table, rule);
  for (const table of ["nat", "filter"]) {
    const names = [...(await iptables.save(table)).matchAll(/^:(KUBE-\S+) /gm)].map((m) => m[1] as string);
    if (names.length === 0) continue;
    const text = `*${table}\n${names.map((n) => `:${n} - [0:0]`).join("\n")}\n${names.map((n) => `-X ${n}`).join("\n")}\nCOMMIT\n`;
    await iptables.restore(text);
  }
}
