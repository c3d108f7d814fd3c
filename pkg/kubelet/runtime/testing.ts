import type { Container, Pod, PodSpec } from "#pkg/api/types/core-v1.ts";
import { containerAnnotations, containerLabels } from "../bookkeeping.ts";
import {
  nothingObserved,
  type ObservedContainer,
  observedContainer,
  type ObservedPod,
  type ObservedSandbox,
} from "./observed-pod.ts";

/** A pod of tests: uid "u", one container "c" unless the spec says otherwise. */
export function testPod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    metadata: {
      name: "p",
      namespace: "ns",
      uid: "u",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
      resourceVersion: "1",
      ...metadata,
    },
    spec: { containers: [testContainer("c")], ...spec },
  };
}

export const testContainer = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  image: "i",
  ...more,
});

export const testSandbox = (more: Partial<ObservedSandbox> = {}): ObservedSandbox => ({
  id: "s0",
  attempt: 0,
  ready: true,
  createdAt: 1,
  runtimeHandler: "",
  ips: ["10.0.0.1"],
  hostNetwork: false,
  ...more,
});

/** An instance of the pod's container of that name: running, or exited with a code. */
export function testInstance(
  pod: Pod,
  name: string,
  state: "running" | "created" | number,
  more: { readonly id?: string; readonly sandboxId?: string; readonly attempt?: number; readonly image?: string } = {},
): ObservedContainer {
  const { attempt = 0, id = `${name}${attempt}` } = more;
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const spec = { ...(all.find((container) => container.name === name) ?? testContainer(name)) };
  const exited = typeof state === "number";
  return observedContainer(
    more.sandboxId ?? "s0",
    {
      id,
      metadata: { name, attempt },
      state: exited ? "CONTAINER_EXITED" : state === "running" ? "CONTAINER_RUNNING" : "CONTAINER_CREATED",
      createdAt: 1e9 * (10 + attempt),
      startedAt: state === "created" ? 0 : 1e9 * (11 + attempt),
      ...(exited
        ? { finishedAt: 1e9 * (12 + attempt), exitCode: state, reason: state === 0 ? "Completed" : "Error" }
        : {}),
      image: { image: "i" },
      imageRef: "sha256:1",
      labels: containerLabels(pod, spec),
      annotations: containerAnnotations(pod, { ...spec, image: more.image ?? spec.image ?? "" }, attempt),
    },
    "",
  );
}

export const testObserved = (
  containers: readonly ObservedContainer[],
  sandboxes: readonly ObservedSandbox[] = [testSandbox()],
): ObservedPod => ({ ...nothingObserved("u"), name: "p", namespace: "ns", sandboxes, containers });
