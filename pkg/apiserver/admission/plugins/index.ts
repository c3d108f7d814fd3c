// Upstream's default admission plugins, one file each. They read the server's cache; only ResourceQuota writes (its
// objects' status).
import type { Logger } from "#pkg/log/index.ts";
import type { AdmissionPlugin, Authorizer, ObjectReader, ResourceTable } from "../../types.ts";
import { WebhookClient } from "../../webhook/index.ts";
import { MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from "../policies/index.ts";
import { MutatingAdmissionWebhook, ValidatingAdmissionWebhook, WebhookMetrics } from "../webhooks/index.ts";
import { CertificateRequester } from "./certificate-requester.ts";
import { CertificateApproval, CertificateSigning } from "./certificate-signers.ts";
import { CertificateSubjectRestriction } from "./certificate-subject-restriction.ts";
import { DefaultIngressClass, DefaultStorageClass } from "./default-class.ts";
import { DefaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { LimitRanger } from "./limit-ranger.ts";
import { NamespaceLifecycle } from "./namespace-lifecycle.ts";
import { NodeRestriction } from "./node-restriction.ts";
import { PersistentVolumeClaimResize } from "./persistent-volume-claim-resize.ts";
import { PodSecurity } from "./pod-security/pod-security.ts";
import { Priority } from "./priority.ts";
import { type QuotaClient, ResourceQuota } from "./resource-quota.ts";
import { RuntimeClass } from "./runtime-class.ts";
import { ServiceAccount } from "./service-account.ts";
import { StorageObjectInUseProtection } from "./storage-object-in-use-protection.ts";
import { TaintNodesByCondition } from "./taint-nodes-by-condition.ts";

export interface PluginParts {
  readonly reader: ObjectReader;
  readonly resources: ResourceTable;
  readonly authorizer: Authorizer;
  readonly log?: Logger;
  /** In-process, as the API server itself; asked for at the first write, since the server is made after its plugins. */
  readonly client: () => QuotaClient;
}

/** In upstream's order (AllOrderedPlugins): what administrators add comes after what is built in, what counts comes last. */
export function builtinAdmissionPlugins(parts: PluginParts): readonly AdmissionPlugin[] {
  const calls = { ...parts, caller: new WebhookClient(parts), metrics: new WebhookMetrics() };
  return [
    new NamespaceLifecycle(parts),
    new LimitRanger(parts),
    new ServiceAccount(parts),
    new NodeRestriction(parts),
    new TaintNodesByCondition(),
    new PodSecurity(parts),
    new Priority(parts),
    new DefaultTolerationSeconds(),
    new DefaultStorageClass(parts),
    new StorageObjectInUseProtection(),
    new PersistentVolumeClaimResize(parts),
    new RuntimeClass(parts),
    new CertificateApproval(parts),
    new CertificateSigning(parts),
    new CertificateRequester(),
    new CertificateSubjectRestriction(),
    new DefaultIngressClass(parts),
    new MutatingAdmissionPolicy(parts),
    new MutatingAdmissionWebhook(calls),
    new ValidatingAdmissionPolicy(parts),
    new ValidatingAdmissionWebhook(calls),
    new ResourceQuota(parts),
  ];
}
