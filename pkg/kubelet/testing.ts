import type { Container, Pod, PodSpec } from "#pkg/api/types/core-v1.ts";
import type { ObjectMeta } from "#pkg/api/types/meta-v1.ts";

/** A pod for tests: namespace "ns", name "web", uid "u1", one container "c" of image "img". */
export function testPod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod["metadata"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...testMeta("ns", "web"), ...metadata },
    spec: { containers: [testContainer()], ...spec },
  };
}

export function testContainer(fields: Partial<Container> = {}): Container {
  return { name: "c", image: "img", ...fields };
}

export function testMeta(namespace: string, name: string): ObjectMeta {
  return { namespace, name, uid: "u1", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
}
