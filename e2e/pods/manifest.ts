import { BUSYBOX_IMAGE } from "../lab/index.ts";

/** One pod with everything that the kubelet can put into one, and the objects it needs. */
export const everything = `
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {color: red, file.txt: first}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
data: {pass: czNjcmV0}
---
apiVersion: v1
kind: Pod
metadata: {name: all, labels: {app: x}, annotations: {note: one}}
spec:
  terminationGracePeriodSeconds: 1
  subdomain: sub
  hostAliases: [{ip: 192.0.2.99, hostnames: [alias]}]
  securityContext: {fsGroup: 2000, runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000]}
  initContainers:
  - name: init
    image: ${BUSYBOX_IMAGE}
    command: [sh, -c, "mkdir /disk/sub; echo inside > /disk/sub/file; ln -s /etc /disk/outside"]
    volumeMounts: [{name: disk, mountPath: /disk}]
  containers:
  - name: c
    image: ${BUSYBOX_IMAGE}
    command: [sh, -c, "echo started $(COLOR) '$$(COLOR)'; echo problem >&2; trap 'exit 0' TERM; while true; do sleep 0.1; done"]
    resources: {requests: {cpu: 50m, memory: 16Mi}, limits: {cpu: 200m, memory: 64Mi}}
    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
    env:
    - {name: COLOR, valueFrom: {configMapKeyRef: {name: conf, key: color}}}
    - {name: PASS, valueFrom: {secretKeyRef: {name: key, key: pass}}}
    - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}
    envFrom: [{configMapRef: {name: conf}, prefix: P_}]
    volumeMounts:
    - {name: disk, mountPath: /disk}
    - {name: memory, mountPath: /memory}
    - {name: conf, mountPath: /conf}
    - {name: key, mountPath: /key}
    - {name: own, mountPath: /own}
    - {name: disk, mountPath: /part, subPath: sub/file}
    - {name: disk, mountPath: /named, subPathExpr: "is-$(COLOR)"}
    - {name: conf, mountPath: /onefile, subPath: file.txt}
  volumes:
  - {name: disk, emptyDir: {}}
  - {name: memory, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: conf, configMap: {name: conf}}
  - {name: key, secret: {secretName: key, defaultMode: 0400}}
  - {name: own, downwardAPI: {items: [{path: note, fieldRef: {fieldPath: "metadata.annotations['note']"}}]}}
`;

/** Pods that cannot start, each for a reason of its own. */
export const refused = `
${pod("no-map", "volumeMounts: [{name: v, mountPath: /v}], ", "volumes: [{name: v, configMap: {name: none}}]")}
---
${pod("root", "securityContext: {runAsNonRoot: true}, ", "")}
---
${pod("no-key", "env: [{name: A, valueFrom: {secretKeyRef: {name: key, key: none}}}], ", "")}
---
${pod("wrong-type", "volumeMounts: [{name: v, mountPath: /v}], ", "volumes: [{name: v, hostPath: {path: /etc/passwd, type: Directory}}]")}
`;

/** A pod that runs in a manifest's directory, and one that ends with words. */
export const staticPod = pod("static", "", "");
export const lastWords = pod("words", "", "restartPolicy: Never").replace(
  "[sleep, '1000']",
  `[sh, -c, "echo said; echo the end > /dev/termination-log; exit 3"]`,
);

/** Writes two mebibytes where one is allowed; asks for a setting of the whole node. */
export const greedy = pod(
  "greedy",
  "volumeMounts: [{name: v, mountPath: /v}], ",
  "volumes: [{name: v, emptyDir: {sizeLimit: 1Mi}}]",
).replace("[sleep, '1000']", "[sh, -c, 'dd if=/dev/zero of=/v/file bs=1M count=2; sleep 1000']");
export const unsafe = pod("unsafe", "", "securityContext: {sysctls: [{name: net.core.somaxconn, value: '9'}]}");

function pod(name: string, container: string, spec: string): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{${container}name: c, image: "${BUSYBOX_IMAGE}", command: [sleep, '1000']}]
  ${spec}`;
}
