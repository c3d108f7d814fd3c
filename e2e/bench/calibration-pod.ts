/** A pod that runs, 3.7 KB as JSON: with what a Deployment, the scheduler and the kubelet put into it. */
export function calibrationPod(): object {
  const time = "2026-01-01T00:00:00Z";
  const container = (name: string): object => ({
    name,
    image: `registry.example.com/shop/${name}:1.4.2`,
    imagePullPolicy: "IfNotPresent",
    env: [{ name: "POD_IP", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "status.podIP" } } }],
    resources: { limits: { cpu: "500m", memory: "256Mi" }, requests: { cpu: "100m", memory: "128Mi" } },
    readinessProbe: {
      httpGet: { path: "/ready", port: 8080, scheme: "HTTP" },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    volumeMounts: [
      { name: "kube-api-access-x7k2p", readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
    ],
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  });
  const running = (name: string): object => ({
    name,
    state: { running: { startedAt: time } },
    lastState: {},
    ready: true,
    started: true,
    restartCount: 0,
    image: `registry.example.com/shop/${name}:1.4.2`,
    imageID: `registry.example.com/shop/${name}@sha256:${"0a1b2c3d".repeat(8)}`,
    containerID: `containerd://${"4e5f6a7b".repeat(8)}`,
  });
  const conditions = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "web-7c5b8d9f6d-x7k2p",
      generateName: "web-7c5b8d9f6d-",
      namespace: "shop",
      uid: "6f1c9a52-3c1e-4b0e-9d5e-2f8b7a6c5d4e",
      resourceVersion: "123456",
      generation: 1,
      creationTimestamp: time,
      labels: { app: "web", "pod-template-hash": "7c5b8d9f6d" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: "web-7c5b8d9f6d",
          uid: "0d9c8b7a-6f5e-4d3c-8b2a-1f0e9d8c7b6a",
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      volumes: [{ name: "kube-api-access-x7k2p", projected: { sources: [], defaultMode: 420 } }],
      containers: [container("web"), container("proxy")],
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      dnsPolicy: "ClusterFirst",
      serviceAccountName: "default",
      nodeName: "node-1",
      securityContext: {},
      schedulerName: "default-scheduler",
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
    },
    status: {
      phase: "Running",
      conditions: conditions.map((type) => ({ type, status: "True", lastProbeTime: null, lastTransitionTime: time })),
      hostIP: "192.0.2.1",
      podIP: "10.42.0.17",
      podIPs: [{ ip: "10.42.0.17" }],
      startTime: time,
      containerStatuses: [running("web"), running("proxy")],
      qosClass: "Burstable",
    },
  };
}
