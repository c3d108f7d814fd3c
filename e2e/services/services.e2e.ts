// Service addresses on real packets, with each iptables backend: affinity, policies, refusals, hairpin, host ports, and
// clients on another host. No host of the lab has a default route.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { run } from "#pkg/process/index.ts";
import { BUSYBOX_IMAGE, type Host, inside, type Lab, openLab } from "../lab/index.ts";

const SERVER = "mkdir -p /tmp/www; hostname > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www";

const pod = (name: string, app: string, extra = ""): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${app} } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - { name: web, image: "${BUSYBOX_IMAGE}", command: [sh, -c, "${SERVER}"], ports: [{ containerPort: 8080${extra} }], readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }
---`;

const service = (name: string, app: string, spec: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${app} }, ports: [{ port: 80, targetPort: 8080 }], ${spec} }
---`;

const MANIFEST = [
  pod("a", "pair"),
  pod("b", "pair"),
  pod("alone", "alone", ", hostPort: 8081"),
  service("pair", "pair", "type: NodePort, externalTrafficPolicy: Local"),
  service("sticky", "pair", "sessionAffinity: ClientIP"),
  service("alone", "alone", "type: ClusterIP"),
  service("nobody", "nobody", "type: NodePort"),
  service("headless", "pair", "clusterIP: None"),
].join("");

for (const backend of ["nft", "legacy"] as const) {
  describe(`services with iptables-${backend}`, () => {
    let lab: Lab;
    let host: Host;
    let other: Host;
    const k = async (...args: string[]): Promise<string> => (await host.kubectl(args)).trim();
    const ipOf = async (name: string): Promise<string> =>
      await k("get", "service", name, "-o", "jsonpath={.spec.clusterIP}");
    const nodePortOf = async (name: string): Promise<string> =>
      await k("get", "service", name, "-o", "jsonpath={.spec.ports[0].nodePort}");
    const fetchOn = async (on: Host, url: string): Promise<string> =>
      (await on.exec(["busybox", "wget", "-q", "-O", "-", url], { timeoutMs: 5_000 })).trim();
    const fromPod = async (name: string, url: string): Promise<string> =>
      await k("exec", name, "--", "wget", "-q", "-O", "-", url);
    const seen = async (ask: () => Promise<string>, times: number): Promise<Set<string>> => {
      const found = new Set<string>();
      for (let i = 0; i < times; i++) found.add(await ask());
      return found;
    };

    before(async () => {
      lab = await openLab();
      host = await lab.addHost({ name: "one" });
      other = await lab.addHost({ name: "two" });
      // The backend that already has rules is the one in use.
      await run([...inside(host.namespace), `iptables-${backend}`, "-A", "INPUT", "-s", "198.51.100.1", "-j", "DROP"]);
      host.startServer();
      await host.ready();
      await host.kubectl(["apply", "-f", "-"], { input: MANIFEST });
      await k("wait", "pod", "--all", "--for=condition=Ready", "--timeout=60s");
      await until(async () => (await fetchOn(host, `http://${await ipOf("alone")}/`)) === "alone", {
        timeoutMs: 20_000,
        what: "the rules of the Services",
      });
    });
    after(async () => {
      if (process.env["MINIK_KEEP"] === "1") process.stderr.write(`kept: ${host.namespace}, ${host.dataDir}\n`);
      else await lab.close();
    });

    it("writes into the backend in use, beside what is there", async () => {
      assert.match(
        await host.exec([`iptables-${backend}-save`]),
        /-A INPUT -s 198\.51\.100\.1\/32 -j DROP[\s\S]*KUBE-SERVICES/,
      );
      const unused = backend === "nft" ? "legacy" : "nft";
      assert.doesNotMatch(await host.exec([`iptables-${unused}-save`]), /KUBE-SERVICES/);
    });

    it("keeps a client with ClientIP affinity on one endpoint", async () => {
      const ip = await ipOf("sticky");
      assert.equal((await seen(async () => await fetchOn(host, `http://${ip}/`), 8)).size, 1);
    });

    it("refuses at once where a Service has no endpoints", async () => {
      const began = performance.now();
      await assert.rejects(fetchOn(host, `http://${await ipOf("nobody")}/`), /refused/);
      await assert.rejects(fetchOn(other, `http://${host.address}:${await nodePortOf("nobody")}/`), /refused/);
      assert.ok(performance.now() - began < 4_000);
    });

    it("answers a pod through its own Service", async () => {
      assert.equal(await fromPod("alone", `http://${await ipOf("alone")}/`), "alone");
    });

    it("answers another host on the NodePort with every local endpoint, and on a host port", async () => {
      const url = `http://${host.address}:${await nodePortOf("pair")}/`;
      await until(async () => (await seen(async () => await fetchOn(other, url), 6)).size === 2, {
        timeoutMs: 20_000,
        what: "both endpoints",
      });
      assert.equal(await fetchOn(other, `http://${host.address}:8081/`), "alone");
    });

    it("shows pods the API server as the kubernetes Service", async () => {
      const ip = await ipOf("kubernetes");
      assert.equal(await k("exec", "a", "--", "sh", "-c", `nc -w 2 ${ip} 443 < /dev/null && echo open`), "open");
      assert.equal(await k("exec", "a", "--", "sh", "-c", "echo $KUBERNETES_SERVICE_HOST"), ip);
    });

    it("names every pod of a headless Service in its EndpointSlice", async () => {
      const slices = await k(
        "get",
        "endpointslices",
        "-l",
        "kubernetes.io/service-name=headless",
        "-o",
        "jsonpath={.items[*].endpoints[*].targetRef.name}",
      );
      assert.deepEqual(
        slices.split(" ").sort((x, y) => (x < y ? -1 : 1)),
        ["a", "b"],
      );
    });

    it("lets no packet to an unknown Service address leave the host", async () => {
      await assert.rejects(fetchOn(host, "http://10.43.200.200/"));
      const route = await host.exec(["ip", "route", "get", "10.43.200.200"]);
      assert.match(route, /dev minik0/);
    });

    it("writes its rules again when somebody flushes the tables", async () => {
      await host.exec([`iptables-${backend}`, "-t", "nat", "-F", "PREROUTING"]);
      await host.exec([`iptables-${backend}`, "-t", "nat", "-F", "OUTPUT"]);
      const ip = await ipOf("alone");
      await until(async () => (await fetchOn(host, `http://${ip}/`)) === "alone", {
        timeoutMs: 40_000,
        intervalMs: 500,
        what: "the rules to come back",
      });
    });
  });
}
