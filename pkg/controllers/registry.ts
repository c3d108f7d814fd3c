import type { Controller, ControllerParts } from "./controller.ts";
import { ClusterRoleAggregationController } from "./clusterrole/index.ts";
import { CronJobController } from "./cronjob/index.ts";
import { DaemonSetController } from "./daemonset/index.ts";
import { DeploymentController } from "./deployment/index.ts";
import { DisruptionController } from "./disruption/index.ts";
import {
  EndpointsController,
  EndpointSliceController,
  EndpointSliceMirroringController,
} from "./endpointslice/index.ts";
import { GarbageCollector } from "./garbage-collector/index.ts";
import { JobController, TtlAfterFinishedController } from "./job/index.ts";
import { NamespaceController } from "./namespace/index.ts";
import {
  NODE_LIFECYCLE_DEFAULTS,
  NodeIpamController,
  type NodeIpamOptions,
  NodeLifecycleController,
  type NodeLifecycleOptions,
  POD_GC_DEFAULTS,
  PodGcController,
  type PodGcOptions,
  TaintEvictionController,
} from "./node/index.ts";
import { ReplicaSetController, replicaSetKind, replicationControllerKind } from "./replicaset/index.ts";
import { ResourceQuotaController } from "./resourcequota/index.ts";
import {
  type LegacyTokenSigner,
  RootCaPublisher,
  ServiceAccountController,
  TokenController,
  tokenRequestSigner,
} from "./serviceaccount/index.ts";
import { ServiceCidrController } from "./servicecidr/index.ts";
import { StatefulSetController } from "./statefulset/index.ts";
import { ValidatingAdmissionPolicyStatusController } from "./validatingadmissionpolicystatus/index.ts";
import { PvcProtectionController, PvProtectionController } from "./volume/index.ts";

/** What single controllers must be told; the rest is upstream's default. */
export interface ControllerOptions {
  /** PEM bundle for kube-root-ca.crt and token Secrets; without it neither is published. */
  readonly rootCa?: string;
  /** Signs tokens of Secrets; the API server does it where absent. */
  readonly signToken?: LegacyTokenSigner;
  /** Without it nodes get no pod CIDR. */
  readonly nodeIpam?: NodeIpamOptions;
  readonly nodeLifecycle?: Partial<NodeLifecycleOptions>;
  readonly podGc?: Partial<PodGcOptions>;
}

export interface ControllerEntry {
  /** Upstream's name, by which it is enabled and disabled. */
  readonly name: string;
  /** Shown as the source of events. */
  readonly component: string;
  /** Undefined when an option that it cannot do without is missing. */
  make(parts: ControllerParts, options: ControllerOptions): Controller | undefined;
}

/** In start order: what empties and what makes things usable first. */
export const CONTROLLERS: readonly ControllerEntry[] = [
  {
    name: "namespace-controller",
    component: "namespace-controller",
    make: (parts) => new NamespaceController(parts),
  },
  {
    name: "serviceaccount-controller",
    component: "serviceaccount-controller",
    make: (parts) => new ServiceAccountController(parts),
  },
  {
    name: "root-ca-certificate-publisher-controller",
    component: "root-ca-cert-publisher",
    make: (parts, { rootCa }) => (rootCa === undefined ? undefined : new RootCaPublisher(parts, { rootCa })),
  },
  {
    name: "serviceaccount-token-controller",
    component: "serviceaccount-token-controller",
    make: (parts, { rootCa, signToken }) =>
      rootCa === undefined
        ? undefined
        : new TokenController(parts, { rootCa, signToken: signToken ?? tokenRequestSigner(parts.client) }),
  },
  {
    name: "garbage-collector-controller",
    component: "garbage-collector-controller",
    make: (parts) => new GarbageCollector(parts),
  },
  {
    name: "replicaset-controller",
    component: "replicaset-controller",
    make: (parts) => new ReplicaSetController(parts, replicaSetKind),
  },
  {
    name: "replicationcontroller-controller",
    component: "replication-controller",
    make: (parts) => new ReplicaSetController(parts, replicationControllerKind),
  },
  {
    name: "deployment-controller",
    component: "deployment-controller",
    make: (parts) => new DeploymentController(parts),
  },
  {
    name: "daemonset-controller",
    component: "daemonset-controller",
    make: (parts) => new DaemonSetController(parts),
  },
  {
    name: "job-controller",
    component: "job-controller",
    make: (parts) => new JobController(parts),
  },
  {
    name: "statefulset-controller",
    component: "statefulset-controller",
    make: (parts) => new StatefulSetController(parts),
  },
  {
    name: "endpointslice-controller",
    component: "endpoint-slice-controller",
    make: (parts) => new EndpointSliceController(parts),
  },
  {
    name: "endpoints-controller",
    component: "endpoint-controller",
    make: (parts) => new EndpointsController(parts),
  },
  {
    name: "endpointslice-mirroring-controller",
    component: "endpoint-slice-mirroring-controller",
    make: (parts) => new EndpointSliceMirroringController(parts),
  },
  {
    name: "node-ipam-controller",
    component: "cidrAllocator",
    make: (parts, { nodeIpam }) => (nodeIpam === undefined ? undefined : new NodeIpamController(parts, nodeIpam)),
  },
  {
    name: "node-lifecycle-controller",
    component: "node-controller",
    make: (parts, options) =>
      new NodeLifecycleController(parts, { ...NODE_LIFECYCLE_DEFAULTS, ...options.nodeLifecycle }),
  },
  {
    name: "taint-eviction-controller",
    component: "taint-eviction-controller",
    make: (parts) => new TaintEvictionController(parts),
  },
  {
    name: "pod-garbage-collector-controller",
    component: "pod-garbage-collector",
    make: (parts, options) => new PodGcController(parts, { ...POD_GC_DEFAULTS, ...options.podGc }),
  },
  {
    name: "cronjob-controller",
    component: "cronjob-controller",
    make: (parts) => new CronJobController(parts),
  },
  {
    name: "ttl-after-finished-controller",
    component: "ttl-after-finished-controller",
    make: (parts) => new TtlAfterFinishedController(parts),
  },
  {
    name: "disruption-controller",
    component: "controllermanager",
    make: (parts) => new DisruptionController(parts),
  },
  {
    name: "clusterrole-aggregation-controller",
    component: "clusterrole-aggregation-controller",
    make: (parts) => new ClusterRoleAggregationController(parts),
  },
  {
    name: "resourcequota-controller",
    component: "resourcequota-controller",
    make: (parts) => new ResourceQuotaController(parts),
  },
  {
    name: "persistentvolumeclaim-protection-controller",
    component: "pvc-protection-controller",
    make: (parts) => new PvcProtectionController(parts),
  },
  {
    name: "persistentvolume-protection-controller",
    component: "pv-protection-controller",
    make: (parts) => new PvProtectionController(parts),
  },
  {
    name: "service-cidr-controller",
    component: "service-cidrs-controller",
    make: (parts) => new ServiceCidrController(parts),
  },
  {
    name: "validatingadmissionpolicy-status-controller",
    component: "validatingadmissionpolicy-status-controller",
    make: (parts) => new ValidatingAdmissionPolicyStatusController(parts),
  },
];
