// The objects that the measurements write.

const DATA_BYTES = 1_350;

/** 1.6 KB as the server answers it. A tenth of them carries the label tenth=0. */
export function configMap(namespace: string, name: string, index = 0): object {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace, labels: { app: "bench", tenth: String(index % 10) } },
    data: { payload: "x".repeat(DATA_BYTES), index: String(index) },
  };
}

/** The label that fake nodes carry and that pods for them select, so that no real node runs them. */
export const FAKE_NODE_LABEL = "bench.minik.dev/fake-node";

/** A Ready node that no kubelet stands behind. */
export function fakeNode(name: string, run: string): object {
  const capacity = { cpu: "32", memory: "256Gi", pods: "110", "ephemeral-storage": "1000Gi" };
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const condition = (type: string, status: string, reason: string): object => ({
    type,
    status,
    reason,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { [FAKE_NODE_LABEL]: run, "kubernetes.io/hostname": name } },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [
        condition("Ready", "True", "KubeletReady"),
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID"),
      ],
    },
  };
}

/** A small pod for the fake nodes of this run. */
export function fakePod(namespace: string, name: string, run: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: "bench" } },
    spec: {
      nodeSelector: { [FAKE_NODE_LABEL]: run },
      containers: [
        { name: "main", image: "bench.invalid/none:1", resources: { requests: { cpu: "100m", memory: "64Mi" } } },
      ],
    },
  };
}

/** A pod for a real node: runs until it is asked to end, and then ends at once. */
export function realPod(namespace: string, name: string, image: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: "bench" } },
    spec: {
      containers: [
        {
          name: "main",
          image,
          imagePullPolicy: "IfNotPresent",
          command: ["sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait"],
        },
      ],
    },
  };
}
