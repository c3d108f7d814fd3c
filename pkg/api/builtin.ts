import {
  mutatingAdmissionPolicyBindingStrategy,
  mutatingAdmissionPolicyStrategy,
  mutatingWebhookConfigurationStrategy,
  validatingAdmissionPolicyBindingStrategy,
  validatingAdmissionPolicyStrategy,
  validatingWebhookConfigurationStrategy,
} from "./admissionregistration/strategies.ts";
import { customResourceDefinitionStrategy } from "./apiextensions/custom-resource-definition.ts";
import { apiServiceStrategy } from "./apiregistration/api-service.ts";
import { controllerRevisionStrategy } from "./apps/controller-revision.ts";
import { daemonSetStrategy } from "./apps/daemon-set.ts";
import { deploymentStrategy } from "./apps/deployment.ts";
import { replicaSetStrategy } from "./apps/replica-set.ts";
import { statefulSetStrategy } from "./apps/stateful-set.ts";
import { horizontalPodAutoscalerStrategy } from "./autoscaling/horizontal-pod-autoscaler.ts";
import { autoscalingStorage } from "./autoscaling/storage.ts";
import { cronJobStrategy } from "./batch/cron-job.ts";
import { jobStrategy } from "./batch/job.ts";
import { certificateSigningRequestStrategy } from "./certificates/certificate-signing-request.ts";
import { leaseStrategy } from "./coordination/lease.ts";
import { componentStatusStrategy } from "./core/component-status.ts";
import { configMapStrategy } from "./core/config-map.ts";
import { endpointsStrategy } from "./core/endpoints.ts";
import { eventStrategy } from "./core/event.ts";
import { limitRangeStrategy } from "./core/limit-range.ts";
import { namespaceStrategy } from "./core/namespace.ts";
import { nodeStrategy } from "./core/node.ts";
import { persistentVolumeStrategy } from "./core/persistent-volume.ts";
import { persistentVolumeClaimStrategy } from "./core/persistent-volume-claim.ts";
import { podStrategy } from "./core/pod.ts";
import { podTemplateStrategy } from "./core/pod-template.ts";
import { replicationControllerStrategy } from "./core/replication-controller.ts";
import { resourceQuotaStrategy } from "./core/resource-quota.ts";
import { secretStrategy } from "./core/secret.ts";
import { serviceStrategy } from "./core/service.ts";
import { serviceAccountStrategy } from "./core/service-account.ts";
import type { StorageDefinition, Strategy } from "./definition.ts";
import { endpointSliceStrategy } from "./discovery/endpoint-slice.ts";
import { eventStorage, newEventStrategy } from "./events/event.ts";
import { flowSchemaStrategy, priorityLevelConfigurationStrategy } from "./flowcontrol/strategies.ts";
import { ipAddressStrategy, serviceCidrStrategy } from "./networking/addresses.ts";
import { ingressStrategy } from "./networking/ingress.ts";
import { ingressClassStrategy } from "./networking/ingress-class.ts";
import { networkPolicyStrategy } from "./networking/network-policy.ts";
import { runtimeClassStrategy } from "./node/runtime-class.ts";
import { podDisruptionBudgetStrategy } from "./policy/pod-disruption-budget.ts";
import {
  clusterRoleBindingStrategy,
  clusterRoleStrategy,
  roleBindingStrategy,
  roleStrategy,
} from "./rbac/strategies.ts";
import {
  deviceClassStrategy,
  resourceClaimStrategy,
  resourceClaimTemplateStrategy,
  resourceSliceStrategy,
} from "./resource/strategies.ts";
import { priorityClassStrategy } from "./scheduling/priority-class.ts";
import {
  csiDriverStrategy,
  csiNodeStrategy,
  csiStorageCapacityStrategy,
  storageClassStrategy,
  volumeAttachmentStrategy,
  volumeAttributesClassStrategy,
} from "./storage/strategies.ts";

/** Rules of the built-in kinds by "group/plural", "/plural" for the core group. A kind that has none is not listed. */
export const builtinStrategies: Readonly<Record<string, Strategy>> = {
  "/componentstatuses": componentStatusStrategy,
  "/configmaps": configMapStrategy,
  "/endpoints": endpointsStrategy,
  "/events": eventStrategy,
  "/limitranges": limitRangeStrategy,
  "/namespaces": namespaceStrategy,
  "/nodes": nodeStrategy,
  "/persistentvolumeclaims": persistentVolumeClaimStrategy,
  "/persistentvolumes": persistentVolumeStrategy,
  "/pods": podStrategy,
  "/podtemplates": podTemplateStrategy,
  "/replicationcontrollers": replicationControllerStrategy,
  "/resourcequotas": resourceQuotaStrategy,
  "/secrets": secretStrategy,
  "/serviceaccounts": serviceAccountStrategy,
  "/services": serviceStrategy,
  "admissionregistration.k8s.io/mutatingadmissionpolicies": mutatingAdmissionPolicyStrategy,
  "admissionregistration.k8s.io/mutatingadmissionpolicybindings": mutatingAdmissionPolicyBindingStrategy,
  "admissionregistration.k8s.io/mutatingwebhookconfigurations": mutatingWebhookConfigurationStrategy,
  "admissionregistration.k8s.io/validatingadmissionpolicies": validatingAdmissionPolicyStrategy,
  "admissionregistration.k8s.io/validatingadmissionpolicybindings": validatingAdmissionPolicyBindingStrategy,
  "admissionregistration.k8s.io/validatingwebhookconfigurations": validatingWebhookConfigurationStrategy,
  "apiextensions.k8s.io/customresourcedefinitions": customResourceDefinitionStrategy,
  "apiregistration.k8s.io/apiservices": apiServiceStrategy,
  "apps/controllerrevisions": controllerRevisionStrategy,
  "apps/daemonsets": daemonSetStrategy,
  "apps/deployments": deploymentStrategy,
  "apps/replicasets": replicaSetStrategy,
  "apps/statefulsets": statefulSetStrategy,
  "autoscaling/horizontalpodautoscalers": horizontalPodAutoscalerStrategy,
  "batch/cronjobs": cronJobStrategy,
  "batch/jobs": jobStrategy,
  "certificates.k8s.io/certificatesigningrequests": certificateSigningRequestStrategy,
  "coordination.k8s.io/leases": leaseStrategy,
  "discovery.k8s.io/endpointslices": endpointSliceStrategy,
  "events.k8s.io/events": newEventStrategy,
  "flowcontrol.apiserver.k8s.io/flowschemas": flowSchemaStrategy,
  "flowcontrol.apiserver.k8s.io/prioritylevelconfigurations": priorityLevelConfigurationStrategy,
  "networking.k8s.io/ingressclasses": ingressClassStrategy,
  "networking.k8s.io/ingresses": ingressStrategy,
  "networking.k8s.io/ipaddresses": ipAddressStrategy,
  "networking.k8s.io/networkpolicies": networkPolicyStrategy,
  "networking.k8s.io/servicecidrs": serviceCidrStrategy,
  "node.k8s.io/runtimeclasses": runtimeClassStrategy,
  "policy/poddisruptionbudgets": podDisruptionBudgetStrategy,
  "rbac.authorization.k8s.io/clusterrolebindings": clusterRoleBindingStrategy,
  "rbac.authorization.k8s.io/clusterroles": clusterRoleStrategy,
  "rbac.authorization.k8s.io/rolebindings": roleBindingStrategy,
  "rbac.authorization.k8s.io/roles": roleStrategy,
  "resource.k8s.io/deviceclasses": deviceClassStrategy,
  "resource.k8s.io/resourceclaims": resourceClaimStrategy,
  "resource.k8s.io/resourceclaimtemplates": resourceClaimTemplateStrategy,
  "resource.k8s.io/resourceslices": resourceSliceStrategy,
  "scheduling.k8s.io/priorityclasses": priorityClassStrategy,
  "storage.k8s.io/csidrivers": csiDriverStrategy,
  "storage.k8s.io/csinodes": csiNodeStrategy,
  "storage.k8s.io/csistoragecapacities": csiStorageCapacityStrategy,
  "storage.k8s.io/storageclasses": storageClassStrategy,
  "storage.k8s.io/volumeattachments": volumeAttachmentStrategy,
  "storage.k8s.io/volumeattributesclasses": volumeAttributesClassStrategy,
};

/**
 * Where a kind is stored in another form than it is served, by "group/version/plural". Every other kind is stored as
 * it is served, under "group/plural" ("plural" for core).
 */
export const builtinStorage: Readonly<Record<string, StorageDefinition>> = {
  "autoscaling/v1/horizontalpodautoscalers": autoscalingStorage.v1,
  "autoscaling/v2/horizontalpodautoscalers": autoscalingStorage.v2,
  "events.k8s.io/v1/events": eventStorage,
};
