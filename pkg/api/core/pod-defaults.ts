/** Defaults of pods and pod templates (upstream's SetDefaults_Pod, SetDefaults_PodSpec and what they call). */
import type { Mutable } from "../resource-ref.ts";
import type {
  Container,
  EphemeralContainer,
  Lifecycle,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
} from "../types/core-v1.ts";
import { defaultPullPolicy } from "./pull-policy.ts";
import { defaultVolume } from "./volume-defaults.ts";

type AnyContainer = Mutable<Container | EphemeralContainer>;

export function defaultPod(pod: Mutable<Pod>): void {
  pod.spec ??= { containers: [] };
  const spec = pod.spec;
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  for (const container of spec.containers) requestsFromLimits(container);
  for (const container of spec.initContainers ?? []) requestsFromLimits(container);
  defaultPodRequests(spec);
  if (spec.hostNetwork === true) {
    for (const c of [...spec.containers, ...(spec.initContainers ?? [])]) {
      for (const port of c.ports ?? []) if ((port.hostPort ?? 0) === 0) port.hostPort = port.containerPort;
    }
  }
}

export function defaultPodTemplate(template: Mutable<PodTemplateSpec>): void {
  template.metadata ??= {};
  template.spec ??= { containers: [] };
  defaultPodSpec(template.spec);
}

/** What pods and pod templates share. */
export function defaultPodSpec(spec: Mutable<PodSpec>): void {
  spec.containers ??= [];
  spec.dnsPolicy ||= "ClusterFirst";
  spec.restartPolicy ||= "Always";
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= "default-scheduler";
  // serviceAccount is the old name of serviceAccountName; both are kept equal.
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  } else {
    // Deleting makes an object slow for the rest of its life, even where there is nothing to delete.
    if (spec.serviceAccountName !== undefined) delete spec.serviceAccountName;
    if (spec.serviceAccount !== undefined) delete spec.serviceAccount;
  }
  for (const container of spec.containers) defaultContainer(container);
  for (const container of spec.initContainers ?? []) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
}

function defaultContainer(container: AnyContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? "");
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  for (const env of container.env ?? []) {
    if (env.valueFrom?.fieldRef !== undefined) env.valueFrom.fieldRef.apiVersion ||= "v1";
    if (env.valueFrom?.fileKeyRef !== undefined) env.valueFrom.fileKeyRef.optional ??= false;
  }
  if (container.livenessProbe !== undefined) defaultProbe(container.livenessProbe);
  if (container.readinessProbe !== undefined) defaultProbe(container.readinessProbe);
  if (container.startupProbe !== undefined) defaultProbe(container.startupProbe);
  if (container.lifecycle !== undefined) defaultLifecycle(container.lifecycle);
}

function defaultProbe(probe: Mutable<Probe>): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet !== undefined) defaultHttpGet(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
}

function defaultLifecycle(lifecycle: Mutable<Lifecycle>): void {
  if (lifecycle.postStart?.httpGet !== undefined) defaultHttpGet(lifecycle.postStart.httpGet);
  if (lifecycle.preStop?.httpGet !== undefined) defaultHttpGet(lifecycle.preStop.httpGet);
}

function defaultHttpGet(get: { path?: string; scheme?: string }): void {
  get.path ||= "/";
  get.scheme ||= "HTTP";
}

/** A limit without a request asks for as much as it allows. */
function requestsFromLimits(container: Mutable<Container>): void {
  const limits = container.resources?.limits;
  if (limits === undefined) return;
  const resources = (container.resources ??= {});
  const requests: Record<string, string> = (resources.requests ??= {});
  for (const name in limits) if (requests[name] === undefined) requests[name] = limits[name] as string;
}

/** The pod's own requests: from its limits, as far as no container says otherwise (KEP-2837). */
function defaultPodRequests(spec: Mutable<PodSpec>): void {
  const limits = spec.resources?.limits;
  if (spec.resources === undefined || limits === undefined) return;
  const requests: Record<string, string> = (spec.resources.requests ??= {});
  for (const name in limits) {
    const containersAsk = spec.containers.some((c) => c.resources?.requests?.[name] !== undefined);
    if (requests[name] === undefined && !containersAsk) requests[name] = limits[name] as string;
  }
  if (Object.keys(requests).length === 0) delete spec.resources.requests;
}
