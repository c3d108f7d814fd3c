import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Service } from "#pkg/api/types/core-v1.ts";
import type { EndpointSlice } from "#pkg/api/types/discovery-v1.ts";
import { staleFlows } from "./conntrack.ts";
import { restoreText } from "./restore-text.ts";
import { ruleSet } from "./rule-set.ts";
import { servicePorts } from "./service-ports.ts";
import { serviceRules } from "./service-rules.ts";

const CLUSTER = "10.42.0.0/16";
const NODE = { nodeName: "a", zone: undefined };
const meta = { uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };

function service(spec: Partial<Service["spec"]>, status?: Service["status"]): Service {
  return {
    metadata: { ...meta, name: "web", namespace: "shop" },
    spec: { clusterIP: "10.43.0.7", ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }], ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

type Conditions = { ready?: boolean; serving?: boolean; terminating?: boolean };
function slice(...endpoints: [ip: string, node: string, conditions?: Conditions][]): EndpointSlice {
  return {
    metadata: { ...meta, name: "web-x", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: endpoints.map(([ip, nodeName, conditions]) => ({
      addresses: [ip],
      nodeName,
      conditions: conditions ?? { ready: true },
    })),
  };
}

const rulesOf = (s: Service, ...slices: EndpointSlice[]): ReturnType<typeof serviceRules> =>
  serviceRules(servicePorts(s, slices, NODE), CLUSTER);
const empty = { nat: new Map<string, string[]>(), filter: new Map<string, string[]>() };
/** Chain hashes replaced by their order of appearance, so that a reader can follow. */
const readable = (text: string): string => {
  const names = new Map<string, string>();
  return text.replace(/KUBE-(SVC|SEP|SVL|EXT|FW)-[A-Z2-7]{16}/g, (name, kind: string) => {
    if (!names.has(name))
      names.set(name, `${kind}${[...names.keys()].filter((n) => n.startsWith(`KUBE-${kind}`)).length + 1}`);
    return names.get(name) as string;
  });
};

describe("service rules", () => {
  it("spread a ClusterIP and NodePort over the ready endpoints with even chance", () => {
    const rules = rulesOf(
      service({ ports: [{ name: "http", port: 80, nodePort: 30080 }] }),
      slice(["10.42.0.5", "a"], ["10.42.1.6", "b"], ["10.42.1.9", "b", { ready: false }]),
    );
    assert.equal(
      readable(restoreText(ruleSet([]), ruleSet([rules]))),
      `*nat
:SEP1 - [0:0]
:SEP2 - [0:0]
:SVC1 - [0:0]
:EXT1 - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
-A SEP1 -m comment --comment "shop/web:http" -s 10.42.0.5/32 -j KUBE-MARK-MASQ
-A SEP1 -m comment --comment "shop/web:http" -p tcp -m tcp -j DNAT --to-destination 10.42.0.5:8080
-A SEP2 -m comment --comment "shop/web:http" -s 10.42.1.6/32 -j KUBE-MARK-MASQ
-A SEP2 -m comment --comment "shop/web:http" -p tcp -m tcp -j DNAT --to-destination 10.42.1.6:8080
-A SVC1 -m comment --comment "shop/web:http cluster IP" ! -s 10.42.0.0/16 -d 10.43.0.7/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
-A SVC1 -m comment --comment "shop/web:http -> 10.42.0.5:8080" -m statistic --mode random --probability 0.5000000000 -j SEP1
-A SVC1 -m comment --comment "shop/web:http -> 10.42.1.6:8080" -j SEP2
-A EXT1 -m comment --comment "masquerade traffic for shop/web:http external destinations" -j KUBE-MARK-MASQ
-A EXT1 -j SVC1
-A KUBE-SERVICES -m comment --comment "shop/web:http cluster IP" -d 10.43.0.7/32 -p tcp -m tcp --dport 80 -j SVC1
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -m comment --comment "shop/web:http" -p tcp -m tcp --dport 30080 -j EXT1
COMMIT
`,
    );
  });

  it("refuse a port without endpoints, and drop where Local has none here", () => {
    const none = rulesOf(service({}));
    assert.match(none.filterServices[0] ?? "", /no endpoints" -d 10\.43\.0\.7\/32 -p tcp -m tcp --dport 80 -j REJECT$/);
    const elsewhere = rulesOf(service({ internalTrafficPolicy: "Local" }), slice(["10.42.1.6", "b"]));
    assert.match(elsewhere.filterServices[0] ?? "", /no local endpoints".* -j DROP$/);
  });

  it("send to endpoints that end but still serve when nothing is ready", () => {
    const [port] = servicePorts(
      service({}),
      [slice(["10.42.0.5", "a", { ready: false, serving: true, terminating: true }])],
      NODE,
    );
    assert.deepEqual(port?.endpoints, [{ ip: "10.42.0.5", port: 8080, local: true }]);
  });

  it("remember the client of a Service with ClientIP affinity", () => {
    const rules = rulesOf(
      service({ sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }),
      slice(["10.42.0.5", "a"]),
    );
    const lines = [...rules.chains.values()].flat();
    assert.ok(lines.some((l) => / -m recent --name KUBE-SEP-\S+ --rcheck --seconds 60 --reap -j KUBE-SEP-/.test(l)));
    assert.ok(lines.some((l) => / -m recent --name KUBE-SEP-\S+ --set -p tcp /.test(l)));
  });

  it("keep clients' addresses and stay on this node with externalTrafficPolicy Local", () => {
    const rules = rulesOf(
      service({
        type: "NodePort",
        externalTrafficPolicy: "Local",
        ports: [{ name: "http", port: 80, nodePort: 30080 }],
      }),
      slice(["10.42.0.5", "a"], ["10.42.1.6", "b"]),
    );
    const ext = [...rules.chains].find(([name]) => name.startsWith("KUBE-EXT"))?.[1] ?? [];
    assert.match(ext.at(-1) ?? "", /^-j KUBE-SVL-/);
    assert.ok(!ext.some((l) => l === "-j KUBE-MARK-MASQ"));
  });

  it("let only the source ranges through to a load balancer address", () => {
    const rules = rulesOf(
      service(
        { type: "LoadBalancer", loadBalancerSourceRanges: ["192.0.2.0/24"] },
        { loadBalancer: { ingress: [{ ip: "198.51.100.1" }] } },
      ),
      slice(["10.42.0.5", "a"]),
    );
    assert.ok(
      [...rules.chains].some(
        ([name, lines]) => name.startsWith("KUBE-FW-") && lines.length === 1 && lines[0]?.includes("-s 192.0.2.0/24"),
      ),
    );
    assert.match(rules.filterFirewall[0] ?? "", /-d 198\.51\.100\.1\/32 .* -j DROP$/);
  });

  it("make nothing of headless Services and external names", () => {
    assert.deepEqual(servicePorts(service({ clusterIP: "None" }), [slice(["10.42.0.5", "a"])], NODE), []);
    assert.deepEqual(servicePorts(service({ type: "ExternalName", externalName: "x.example" }), [], NODE), []);
  });
});

describe("restoreText", () => {
  it("names only what changed, and removes chains nobody wants", () => {
    const one = ruleSet([rulesOf(service({}), slice(["10.42.0.5", "a"]))]);
    const two = ruleSet([rulesOf(service({}), slice(["10.42.0.6", "a"]))]);
    assert.equal(restoreText(one, one), "");
    const text = readable(restoreText(one, two));
    assert.ok(!text.includes("KUBE-SERVICES"));
    assert.ok(!text.includes("*filter"));
    assert.match(text, /^-X SEP2$/m);
    assert.match(restoreText(empty, one), /^:KUBE-POSTROUTING/m);
  });
});

describe("staleFlows", () => {
  it("forgets UDP flows to endpoints that are gone, and those made before there was one", () => {
    const udp = service({ ports: [{ name: "http", port: 53, protocol: "UDP" }] });
    const udpSlice = (...args: Parameters<typeof slice>): EndpointSlice => ({
      ...slice(...args),
      ports: [{ name: "http", port: 53, protocol: "UDP" }],
    });
    const before = servicePorts(udp, [udpSlice(["10.42.0.5", "a"])], NODE);
    const after = servicePorts(udp, [udpSlice(["10.42.0.6", "a"])], NODE);
    assert.deepEqual(staleFlows(before, after), [["--orig-dst", "10.43.0.7", "--dst-nat", "10.42.0.5"]]);
    assert.deepEqual(staleFlows(servicePorts(udp, [], NODE), after), [["--orig-dst", "10.43.0.7"]]);
  });
});
