import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Taint } from "#pkg/api/types/core-v1.ts";
import { createClient, createPortTransport, InformerFactory } from "#pkg/client/index.ts";
import { detectIptables } from "#pkg/iptables/index.ts";
import { createKubelet, directoryPods, KubeletServer, type ServerTls } from "#pkg/kubelet/index.ts";
import { createLogger, type Logger } from "#pkg/log/index.ts";
import { Network } from "#pkg/network/index.ts";
import { Proxier } from "#pkg/proxy/index.ts";
import { type ContainerRuntime, createRuntime } from "#pkg/runtime/index.ts";
import { type Paths, pathsOf } from "../paths.ts";
import { together } from "../together.ts";
import { MINIK_VERSION } from "../version.ts";
import type { NodeSettings, NodeThread } from "./thread.ts";

const MAX_PODS = 110;
const CERTIFICATE_CHECK_MS = 3_600_000;

/** containerd, the pod network, the kubelet and the proxy of this node, until the signal aborts. Containers go on. */
export async function runNode(data: NodeThread, signal: AbortSignal): Promise<void> {
  const { node } = data;
  const log = createLogger(data.logLevel);
  const paths = pathsOf(node.dataDir);

  const runtime = await createRuntime({
    dataDir: node.dataDir,
    pauseProgram: await readFile(node.pauseProgram),
    proto: await readFile(node.criProto, "utf8"),
    snapshotter: node.snapshotter,
    log: log.child({ component: "runtime" }),
    ...(node.pauseImage === undefined ? {} : { pauseImage: node.pauseImage }),
    ...(node.containerRuntimeEndpoint === undefined ? {} : { endpoint: node.containerRuntimeEndpoint }),
  });
  const iptables = await detectIptables();
  const kubeletTransport = createPortTransport(data.kubelet);
  const proxyTransport = createPortTransport(data.proxy);

  try {
    await together(signal, (life) => [
      runtime.start(life),
      runNetwork(data, paths.cniConf, paths.cniState, log, life),
      runKubelet(data, runtime, createClient(kubeletTransport), log, life),
    ]);
  } finally {
    // Open ports would keep the thread.
    await Promise.all([kubeletTransport.close(), proxyTransport.close()]);
  }

  async function runNetwork(
    thread: NodeThread,
    cniConfDir: string,
    cniStateDir: string,
    parent: Logger,
    life: AbortSignal,
  ): Promise<void> {
    const { clusterCidr, serviceCidr, nodeIp, nodeName, proxyEnabled } = thread.node;
    const networkLog = parent.child({ component: "network" });
    const informers = new InformerFactory({ client: createClient(proxyTransport), log: networkLog });
    const network = new Network({
      informers,
      nodeName,
      nodeIp,
      clusterCidr,
      serviceCidr,
      cniConfDir: runtime.cniConfDir ?? cniConfDir,
      cniStateDir,
      iptables,
      log: networkLog,
    });
    const proxy = proxyEnabled
      ? [new Proxier({ informers, nodeName, clusterCidr, iptables, log: parent.child({ component: "proxy" }) })]
      : [];
    await Promise.all([
      informers.start(life),
      network.start(life),
      ...proxy.map(async (each) => await each.start(life)),
    ]);
  }
}

async function runKubelet(
  { node }: NodeThread,
  runtime: ContainerRuntime,
  client: ReturnType<typeof createClient>,
  parent: Logger,
  signal: AbortSignal,
): Promise<void> {
  const paths = pathsOf(node.dataDir);
  const log = parent.child({ component: "kubelet" });
  await mkdir(paths.kubeletRoot, { recursive: true, mode: 0o700 });
  const kubelet = await createKubelet({
    client,
    cri: runtime.cri,
    log,
    root: paths.kubeletRoot,
    logRoot: paths.podLogs,
    clusterDns: { servers: [node.clusterDns], domain: node.clusterDomain },
    cgroupRoot: paths.cgroupRoot,
    nodeName: node.nodeName,
    nodeIPs: [node.nodeIp],
    nodeLabels: labelsOf(node),
    nodeTaints: taintsOf(node),
    maxPods: MAX_PODS,
    kubeletPort: node.kubeletPort,
    version: MINIK_VERSION,
    sources: [directoryPods({ directory: paths.staticManifests, nodeName: node.nodeName, log })],
  });
  const tls = await servingCertificate(paths, log, signal);
  const server = new KubeletServer({
    client,
    cri: runtime.cri,
    log,
    nodeName: node.nodeName,
    status: kubelet.status,
    root: paths.kubeletRoot,
    tls,
    address: "0.0.0.0",
    port: node.kubeletPort,
    healthPort: node.kubeletHealthPort,
    config: { clusterDomain: node.clusterDomain, clusterDNS: [node.clusterDns], maxPods: MAX_PODS },
  });
  await runtime.ready(signal);
  log.info("runtime ready", { endpoint: runtime.endpoint });
  await Promise.all([kubelet.start(signal), server.start(signal)]);
}

/** The kubelet's certificate from the files where the main thread renews it; read again every hour. */
async function servingCertificate(paths: Paths, log: Logger, signal: AbortSignal): Promise<() => ServerTls> {
  const read = async (): Promise<ServerTls> => {
    const [cert, key, clientCa] = await Promise.all(
      ["kubelet-serving.crt", "kubelet-serving.key", "client-ca.crt"].map(
        async (name) => await readFile(join(paths.tls, name), "utf8"),
      ),
    );
    return { cert, key, clientCa } as ServerTls;
  };
  let current = await read();
  const timer = setInterval(() => {
    read().then(
      (now) => {
        if (now.cert !== current.cert || now.key !== current.key) current = now;
      },
      (err: unknown) => log.error("cannot read the kubelet's certificate", { err }),
    );
  }, CERTIFICATE_CHECK_MS);
  // The abort may have come already: it must not keep the thread then.
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return () => current;
}

/** "key=value" as labels. */
function labelsOf({ labels }: NodeSettings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    labels.map((label) => {
      const at = label.indexOf("=");
      return at < 0 ? [label, ""] : [label.slice(0, at), label.slice(at + 1)];
    }),
  );
}

/** "key=value:Effect" or "key:Effect" as taints. */
function taintsOf({ taints }: NodeSettings): readonly Taint[] {
  return taints.map((text) => {
    const [pair = "", effect = ""] = text.split(":");
    const [key = "", value] = pair.split("=");
    return { key, effect, ...(value === undefined || value === "" ? {} : { value }) };
  });
}
