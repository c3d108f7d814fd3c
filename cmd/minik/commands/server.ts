import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { addressText, parseCidr } from "#pkg/api/address.ts";
import { isAbort } from "#pkg/async/index.ts";
import { createClient } from "#pkg/client/index.ts";
import {
  type ApiServer,
  Bootstrap,
  builtinAdmissionPlugins,
  Compactor,
  createApiServer,
  type RunningListener,
  servePort,
  ServiceAllocator,
  storedCodec,
  type Stored,
  streamingRoutes,
  type TlsFiles,
  type UserInfo,
} from "#pkg/apiserver/index.ts";
import { detectIptables } from "#pkg/iptables/index.ts";
import { createLogger, type Logger } from "#pkg/log/index.ts";
import { kubeconfig, writePrivateFile } from "#pkg/pki/index.ts";
import { findPrograms } from "#pkg/runtime/index.ts";
import { openSqliteStore, type Store, StoreOpenError } from "#pkg/store/index.ts";
import { type Assets, locateAssets } from "../assets.ts";
import type { ServerConfig } from "../config/options.ts";
import { type Paths, pathsOf } from "../paths.ts";
import { runningServer, writePidFile } from "../pid-file.ts";
import { releaseMemoryWhenQuiet } from "../release-memory.ts";
import { type Certificates, type CertificateNames, ensureCertificates } from "../server/certificates.ts";
import { checkPlace, portError } from "../server/check-place.ts";
import { nodeIdentity } from "../server/node-address.ts";
import { createThread, runThread } from "../threads/thread.ts";
import { together } from "../together.ts";
import { UserError } from "../user-error.ts";
import { MINIK_VERSION } from "../version.ts";

const APISERVER: UserInfo = { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] };
const SCHEDULER: UserInfo = { name: "system:kube-scheduler", groups: ["system:authenticated"] };
const CONTROLLERS: UserInfo = { name: "system:kube-controller-manager", groups: ["system:authenticated"] };
const PROXY: UserInfo = { name: "system:kube-proxy", groups: ["system:authenticated"] };
/** Certificates are looked at this often; each is renewed when a third of its life is left. */
const RENEW_INTERVAL_MS = 6 * 3_600_000;

/** Runs a cluster until SIGTERM or SIGINT; pods go on. */
export async function server(config: ServerConfig): Promise<void> {
  const log = createLogger(config.logLevel);
  const life = untilSignal(log);
  try {
    await runServer(config, log, life);
  } catch (err) {
    // Stopped while it started.
    if (!life.aborted || !isAbort(err)) throw err;
  }
  log.info("stopped; pods go on running");
}

/** Whatever it opened is closed in the end, the last first. */
async function runServer(config: ServerConfig, log: Logger, life: AbortSignal): Promise<void> {
  await using opened = new AsyncDisposableStack();
  const paths = pathsOf(config.dataDir);
  const { nodeName, nodeIp } = await nodeIdentity(config);
  await refuseSecondServer(paths);
  await checkPlace(config);
  if (!config.disableAgent) await checkMachine(config);
  life.throwIfAborted();
  await makeDataDir(paths);

  const assets = await locateAssets(config.dataDir);
  const store = await openStore(paths, assets, log);
  opened.defer(async () => await store.close());
  await writePidFile(paths);
  opened.defer(async () => await rm(paths.pidFile, { force: true }));
  const advertiseAddress = config.advertiseAddress ?? nodeIp;
  const names: CertificateNames = {
    nodeName,
    nodeIp,
    advertiseAddress,
    kubernetesIp: firstAddress(config.serviceCidr),
    clusterDomain: config.clusterDomain,
    more: config.tlsSan,
  };
  let certificates = await ensureCertificates(paths.tls, names);
  life.throwIfAborted();

  let own: ReturnType<typeof createClient> | undefined;
  let allocator: ServiceAllocator | undefined;
  const api = await createApiServer({
    store,
    log: log.child({ component: "apiserver" }),
    build: { gitVersion: MINIK_VERSION },
    yaml: { createWorker: () => createThread(assets.threads, { role: "yaml" }) },
    serverAddress: `${advertiseAddress}:${config.httpsListenPort}`,
    serviceAccounts: {
      ...certificates.serviceAccountKey,
      issuer: `https://kubernetes.default.svc.${config.clusterDomain}`,
      audiences: [`https://kubernetes.default.svc.${config.clusterDomain}`],
    },
    aggregation: { frontProxyTls: () => certificates.frontProxyClient },
    admission: (parts) => builtinAdmissionPlugins({ ...parts, log, client: () => ownClient() }),
    hooks: ({ reader, writer }) => {
      const [from, to] = config.serviceNodePortRange.split("-").map(Number) as [number, number];
      allocator = new ServiceAllocator({
        reader,
        writer,
        log,
        serviceCidr: config.serviceCidr,
        clusterDns: config.clusterDns,
        nodePortRange: { from, to },
      });
      return { services: allocator, "networking.k8s.io/ipaddresses": allocator.ipAddressHooks };
    },
    routes: ({ reader }) =>
      streamingRoutes({
        reader,
        kubeletTls: () => ({ ...certificates.kubeletClient, ca: certificates.serverCa.cert }),
        log,
      }),
  });
  opened.defer(async () => await api.close());
  function ownClient(): ReturnType<typeof createClient> {
    own ??= createClient(api.transport(APISERVER));
    return own;
  }

  const listener = await listen(api, config, certificates);
  opened.defer(async () => await listener.close());
  await writeKubeconfigs(config, paths, certificates);
  const bootstrap = new Bootstrap({
    client: ownClient(),
    log,
    clusterIp: firstAddress(config.serviceCidr),
    serviceCidr: config.serviceCidr,
    repair: async () => await allocator?.repair(),
    advertised: () => ({ address: advertiseAddress, port: config.httpsListenPort }),
    authorities: () => ({ client: certificates.clientCa.cert, frontProxy: certificates.frontProxyCa.cert }),
  });
  await bootstrap.ensure();
  life.throwIfAborted();
  log.info("API server ready", {
    url: `https://${advertiseAddress}:${config.httpsListenPort}`,
    revision: api.revision,
  });

  const renewal = setInterval(() => {
    void ensureCertificates(paths.tls, names).then(
      (renewed) => {
        certificates = renewed;
        listener.renew(tlsOf(renewed));
      },
      (err: unknown) => log.error("cannot renew certificates", { err }),
    );
  }, RENEW_INTERVAL_MS);
  opened.defer(() => clearInterval(renewal));

  releaseMemoryWhenQuiet();

  /** A port to the API for a component in another thread. */
  const open = (user: UserInfo): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    servePort(api, port1, user);
    return port2;
  };
  const identity = await serverIdentity(paths);
  await together(life, (signal) => [
    bootstrap.start(signal),
    new Compactor({
      store,
      log: log.child({ component: "compactor" }),
      intervalMs: config.compactionInterval * 1000,
    }).start(signal),
    ...(config.disableScheduler && config.disableControllerManager
      ? []
      : [
          runThread(
            assets.threads,
            {
              role: "control",
              ...(config.disableScheduler ? {} : { scheduler: open(SCHEDULER) }),
              ...(config.disableControllerManager ? {} : { controllers: open(CONTROLLERS) }),
              logLevel: config.logLevel,
              identity,
              leaseDurationSeconds: config.leaderElectLeaseDuration,
              clusterCidr: config.clusterCidr,
              rootCa: certificates.serverCa.cert,
            },
            signal,
          ),
        ]),
    ...(config.disableAgent
      ? []
      : [
          runThread(
            assets.threads,
            {
              role: "node",
              kubelet: open({ name: `system:node:${nodeName}`, groups: ["system:nodes", "system:authenticated"] }),
              proxy: open(PROXY),
              logLevel: config.logLevel,
              node: {
                dataDir: config.dataDir,
                nodeName,
                nodeIp,
                labels: config.nodeLabel,
                taints: config.nodeTaint,
                clusterCidr: config.clusterCidr,
                serviceCidr: config.serviceCidr,
                clusterDns: config.clusterDns,
                clusterDomain: config.clusterDomain,
                pauseProgram: assets.pause,
                criProto: assets.criProto,
                snapshotter: config.snapshotter,
                kubeletPort: config.kubeletPort,
                kubeletHealthPort: config.kubeletHealthPort,
                proxyEnabled: !config.disableKubeProxy,
                ...(config.pauseImage === undefined ? {} : { pauseImage: config.pauseImage }),
                ...(config.containerRuntimeEndpoint === undefined
                  ? {}
                  : { containerRuntimeEndpoint: config.containerRuntimeEndpoint }),
              },
            },
            signal,
          ),
        ]),
  ]);
}

/** Aborts at the first SIGTERM or SIGINT; the second ends the process at once. */
function untilSignal(log: Logger): AbortSignal {
  const life = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    if (life.signal.aborted) process.exit(1);
    log.info("stopping", { signal });
    life.abort();
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  return life.signal;
}

/** What the node needs of the machine is asked for before anything is changed. */
async function checkMachine(config: ServerConfig): Promise<void> {
  if (process.getuid?.() !== 0) throw new UserError("a node needs root: run as root, or with --disable-agent");
  try {
    if (config.containerRuntimeEndpoint === undefined) await findPrograms();
    await detectIptables();
  } catch (err) {
    throw new UserError((err as Error).message, { cause: err });
  }
}

/** The store's lock holds it too; this says who has it. */
async function refuseSecondServer(paths: Paths): Promise<void> {
  const pid = await runningServer(paths);
  if (pid !== undefined)
    throw new UserError(`${paths.dataDir} is in use by minik (pid ${pid}): stop it, or choose another --data-dir`);
}

async function makeDataDir(paths: Paths): Promise<void> {
  try {
    await mkdir(paths.dataDir, { recursive: true, mode: 0o700 });
    await mkdir(dirname(paths.database), { recursive: true, mode: 0o700 });
  } catch (err) {
    throw new UserError(`cannot write to ${paths.dataDir}: ${(err as Error).message}; choose another --data-dir`, {
      cause: err,
    });
  }
}

async function openStore(paths: Paths, assets: Assets, log: Logger): Promise<Store<Stored>> {
  try {
    return await openSqliteStore({
      path: paths.database,
      codec: storedCodec,
      log: log.child({ component: "store" }),
      nativeBinding: assets.sqliteAddon,
      worker: { createWorker: () => createThread(assets.threads, { role: "store" }) },
    });
  } catch (err) {
    if (err instanceof StoreOpenError) throw new UserError(err.message, { cause: err });
    throw err;
  }
}

const tlsOf = ({ serving, clientCa, frontProxyCa }: Certificates): TlsFiles => ({
  ...serving,
  clientAuthorities: clientCa.cert,
  frontProxyAuthorities: frontProxyCa.cert,
});

async function listen(api: ApiServer, config: ServerConfig, certificates: Certificates): Promise<RunningListener> {
  try {
    return await api.listen({ host: config.bindAddress, port: config.httpsListenPort, tls: tlsOf(certificates) });
  } catch (err) {
    throw portError(err, config.bindAddress, config.httpsListenPort, "--https-listen-port");
  }
}

async function writeKubeconfigs(config: ServerConfig, paths: Paths, certificates: Certificates): Promise<void> {
  const host = config.bindAddress === "0.0.0.0" ? "127.0.0.1" : config.bindAddress;
  const text = kubeconfig({
    server: `https://${host}:${config.httpsListenPort}`,
    authority: certificates.serverCa.cert,
    user: "admin",
    credentials: certificates.admin,
  });
  await writePrivateFile(paths.adminKubeconfig, text);
  try {
    await writePrivateFile(config.writeKubeconfig, text, Number.parseInt(config.writeKubeconfigMode, 8));
  } catch (err) {
    throw new UserError(
      `cannot write the kubeconfig ${config.writeKubeconfig}: ${(err as Error).message}; choose another --write-kubeconfig`,
      { cause: err },
    );
  }
}

/**
 * The holder of this data directory's leases. Only one process can have the directory, so that its successor holds them
 * at once after a crash instead of waiting for them to run out.
 */
async function serverIdentity(paths: Paths): Promise<string> {
  const kept = await readFile(paths.identity, "utf8").catch(() => "");
  if (kept.trim() !== "") return kept.trim();
  const made = `${hostname()}_${randomUUID()}`;
  await writePrivateFile(paths.identity, `${made}\n`);
  return made;
}

/** "10.43.0.0/16" → "10.43.0.1" */
function firstAddress(cidr: string): string {
  const { base, family } = parseCidr(cidr);
  return addressText(base + 1n, family);
}
