import type { CriClient } from "#pkg/cri/index.ts";
import type { PodStatusProvider } from "../types.ts";
import type { Route } from "./types.ts";

const JSON_TYPE = { "content-type": "application/json" };
const podList = (items: readonly object[]): string =>
  JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: {}, items });

/** GET /pods: the pods that this node should run, with their status. */
export function podsRoute({ status }: { readonly status: PodStatusProvider }): Route {
  return {
    prefix: "/pods",
    methods: ["GET"],
    async handle(_request, response) {
      response.writeHead(200, JSON_TYPE).end(podList(status.pods()));
    },
  };
}

/** GET /runningpods/: what the runtime runs, whoever asked for it. */
export function runningPodsRoute({ cri }: { readonly cri: Pick<CriClient, "runtime"> }): Route {
  return {
    prefix: "/runningpods",
    methods: ["GET"],
    async handle(_request, response) {
      const [{ items = [] }, { containers = [] }] = await Promise.all([
        cri.runtime.listPodSandbox({ filter: { state: { state: "SANDBOX_READY" } } }),
        cri.runtime.listContainers({ filter: { state: { state: "CONTAINER_RUNNING" } } }),
      ]);
      const pods = items.map(({ id, metadata }) => ({
        metadata: { name: metadata?.name, namespace: metadata?.namespace, uid: metadata?.uid },
        spec: {
          containers: containers
            .filter((container) => container.podSandboxId === id)
            .map((container) => ({ name: container.metadata?.name, image: container.image?.image })),
        },
        status: {},
      }));
      response.writeHead(200, JSON_TYPE).end(podList(pods.filter((pod) => pod.spec.containers.length > 0)));
    },
  };
}

/** GET /configz: how this kubelet is configured, in the fields of KubeletConfiguration. */
export function configzRoute({ config }: { readonly config: object }): Route {
  return {
    prefix: "/configz",
    methods: ["GET"],
    async handle(_request, response) {
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ kubeletconfig: config }));
    },
  };
}

/** GET /healthz: "ok" while the runtime answers. */
export function healthzRoute({ status }: { readonly status: Pick<PodStatusProvider, "healthy"> }): Route {
  return {
    prefix: "/healthz",
    methods: ["GET"],
    async handle(_request, response) {
      const isHealthy = status.healthy();
      response.writeHead(isHealthy ? 200 : 500, { "content-type": "text/plain; charset=utf-8" });
      response.end(isHealthy ? "ok" : "the container runtime does not answer");
    },
  };
}
