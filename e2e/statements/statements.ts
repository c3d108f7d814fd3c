/** A statement of the conformance suite of v1.36, and the tests here that fail where it does not hold. */
export interface Statement {
  /** The suite's own identifier. */
  readonly codename: string;
  /** "path/of/file.ts › title of the it()". */
  readonly tests: readonly string[];
}

/** All of sig-api-machinery and sig-cli. The suite's descriptions say sentence by sentence what each asks for. */
export const STATEMENTS: readonly Statement[] = [
  {
    codename: "[sig-api-machinery] API priority and fairness should support FlowSchema API operations [Conformance]",
    tests: [
      "pkg/apiserver/conformance/discovery.test.ts › names flowcontrol.apiserver.k8s.io, its version and its resources in each document",
      "pkg/apiserver/flowcontrol/flow-objects.test.ts › are found in discovery, created, read, watched, changed and deleted when they are of kind FlowSchema",
    ],
  },
  {
    codename:
      "[sig-api-machinery] API priority and fairness should support PriorityLevelConfiguration API operations [Conformance]",
    tests: [
      "pkg/apiserver/conformance/discovery.test.ts › names flowcontrol.apiserver.k8s.io, its version and its resources in each document",
      "pkg/apiserver/flowcontrol/flow-objects.test.ts › are found in discovery, created, read, watched, changed and deleted when they are of kind PriorityLevelConfiguration",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] listing mutating webhooks should work [Conformance]",
    tests: [
      "pkg/apiserver/conformance/admission-webhooks.test.ts › finds ten configurations by label, obeys them, and forgets them with their collection: Mutating",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] listing validating webhooks should work [Conformance]",
    tests: [
      "pkg/apiserver/conformance/admission-webhooks.test.ts › finds ten configurations by label, obeys them, and forgets them with their collection: Validating",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] patching/updating a mutating webhook should work [Conformance]",
    tests: ["pkg/apiserver/admission/webhooks/mutating-webhooks.test.ts › follows updates of its rules"],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update mutating webhook configurations with match conditions [Conformance]",
    tests: [
      "pkg/apiserver/conformance/admission-webhooks.test.ts › keeps match conditions as they were created and updated: Mutating",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update validating webhook configurations with match conditions [Conformance]",
    tests: [
      "pkg/apiserver/conformance/admission-webhooks.test.ts › keeps match conditions as they were created and updated: Validating",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny attaching pod [Conformance]",
    tests: ["pkg/apiserver/admission/webhooks/connect.test.ts › deny streams before they begin"],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny custom resource creation, update and deletion [Conformance]",
    tests: ["pkg/apiserver/admission/webhooks/custom-resources.test.ts › deny their creation, update and deletion"],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny pod and configmap creation [Conformance]",
    tests: [
      "pkg/apiserver/admission/webhooks/validating-webhooks.test.ts › denies pods and config maps, by any verb",
      "pkg/apiserver/admission/webhooks/validating-webhooks.test.ts › spares namespaces and objects that its selectors leave out",
      "pkg/apiserver/conformance/admission-webhooks.test.ts › denies pods whose webhook hangs, and updates and patches that make a good pod bad",
    ],
  },
  {
    codename: "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should deny crd creation [Conformance]",
    tests: ["pkg/apiserver/admission/webhooks/validating-webhooks.test.ts › denies CustomResourceDefinitions"],
  },
  {
    codename: "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should honor timeout [Conformance]",
    tests: [
      "pkg/apiserver/admission/webhooks/validating-webhooks.test.ts › honors its timeout, and its policy when that is over",
      "pkg/apiserver/conformance/admission-webhooks.test.ts › waits for a slow webhook as long as its timeout, ten seconds when it has none",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource [Conformance]",
    tests: [
      "pkg/apiserver/admission/webhooks/custom-resources.test.ts › mutate them, and what their schema does not know is pruned",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource with pruning [Conformance]",
    tests: [
      "pkg/apiserver/admission/webhooks/custom-resources.test.ts › mutate them, and what their schema does not know is pruned",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate everything except 'skip-me' configmaps [Conformance]",
    tests: [
      "pkg/apiserver/conformance/admission-webhooks.test.ts › changes every object that its match conditions do not leave out",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate pod and apply defaults after mutation [Conformance]",
    tests: ["pkg/apiserver/admission/webhooks/mutating-webhooks.test.ts › lets defaults apply to what it added"],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should reject validating webhook configurations with invalid match conditions [Conformance]",
    tests: [
      "pkg/apiserver/conformance/admission-webhooks.test.ts › keeps match conditions as they were created and updated: Validating",
      "pkg/apiserver/admission/webhooks/validating-webhooks.test.ts › is called where its match conditions hold",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should unconditionally reject operations on fail closed webhook [Conformance]",
    tests: ["pkg/apiserver/admission/webhooks/validating-webhooks.test.ts › fails closed when it cannot be called"],
  },
  {
    codename:
      "[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface for CRDs [Conformance]",
    tests: [
      "pkg/apiserver/customresources/published.test.ts › name a kind as soon as it is established, in every form of discovery",
    ],
  },
  {
    codename:
      "[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery request for CRDs [Conformance]",
    tests: [
      "pkg/apiserver/customresources/published.test.ts › name a kind as soon as it is established, in every form of discovery",
      "pkg/apiserver/discovery/discovery.test.ts › answers the aggregated form when it is wanted more, in its version",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert a non homogeneous list of CRs [Conformance]",
    tests: [
      "pkg/apiserver/conformance/custom-resources.test.ts › are listed in one, though some are stored in the other",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert from CR v1 to CR v2 [Conformance]",
    tests: [
      "pkg/apiserver/customresources/webhook-conversion.test.ts › converts what is written and read in another version than the stored one, and nothing else",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects [Conformance]",
    tests: [
      "pkg/apiserver/customresources/custom-resource-definitions.test.ts › are seen created, modified and deleted by who watches them",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition creating/deleting custom resource definition objects works [Conformance]",
    tests: [
      "pkg/apiserver/customresources/custom-resources.test.ts › serves a kind right after its CRD says Established, and not before",
      "pkg/apiserver/customresources/custom-resources.test.ts › deletes all objects before the CRD goes, and waits for those that are held back",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition listing custom resource definition objects works [Conformance]",
    tests: [
      "pkg/apiserver/customresources/custom-resource-definitions.test.ts › are listed and deleted by label, and no others with them",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] custom resource defaulting for requests and from storage works [Conformance]",
    tests: [
      "pkg/apiserver/customresources/custom-resource-definitions.test.ts › give defaults to requests and to what was stored before",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] should include custom resource definition resources in discovery documents [Conformance]",
    tests: [
      "pkg/apiserver/conformance/discovery.test.ts › names apiextensions.k8s.io, its version and its resources in each document",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector [Conformance]",
    tests: [
      "pkg/apiserver/conformance/custom-resources.test.ts › are listed, watched and kept by informers as each version's field selectors say",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] removes definition from spec when one version gets changed to not be served [Conformance]",
    tests: [
      "pkg/apiserver/customresources/published.test.ts › follow a version that is renamed, and one that is served no more",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD with validation schema [Conformance]",
    tests: [
      "pkg/apiserver/customresources/published.test.ts › publish the schema as it was given, with its descriptions",
      "e2e/statements/kubectl.e2e.ts › creates, applies and explains custom resources by the schema of their definition",
    ],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of different groups [Conformance]",
    tests: ["pkg/apiserver/customresources/published.test.ts › hold kinds of several groups, and several kinds of one"],
  },
  {
    codename:
      "[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of same group and version but different kinds [Conformance]",
    tests: ["pkg/apiserver/customresources/published.test.ts › hold kinds of several groups, and several kinds of one"],
  },
  {
    codename:
      "[sig-api-machinery] Discovery should locate the groupVersion and a resource within each APIGroup [Conformance]",
    tests: [
      "pkg/apiserver/conformance/discovery.test.ts › has a list with a valid resource for every group version that it names",
    ],
  },
  {
    codename:
      "[sig-api-machinery] FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema [Conformance]",
    tests: [
      "pkg/apiserver/conformance/field-validation.test.ts › takes fields of a custom resource that no schema describes",
    ],
  },
  {
    codename:
      "[sig-api-machinery] FieldValidation should create/apply a valid CR for CRD with validation schema [Conformance]",
    tests: ["pkg/apiserver/conformance/field-validation.test.ts › takes a custom resource that fits its schema"],
  },
  {
    codename:
      "[sig-api-machinery] FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema [Conformance]",
    tests: [
      "pkg/apiserver/conformance/field-validation.test.ts › refuses a custom resource with a field that its schema does not have",
    ],
  },
  {
    codename:
      "[sig-api-machinery] FieldValidation should detect duplicates in a CR when preserving unknown fields [Conformance]",
    tests: [
      "pkg/apiserver/conformance/field-validation.test.ts › refuses duplicate fields of a custom resource that keeps unknown ones",
    ],
  },
  {
    codename:
      "[sig-api-machinery] FieldValidation should detect unknown and duplicate fields of a typed object [Conformance]",
    tests: [
      "pkg/apiserver/conformance/field-validation.test.ts › names unknown and duplicate fields of a typed object",
    ],
  },
  {
    codename:
      "[sig-api-machinery] FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR [Conformance]",
    tests: [
      "pkg/apiserver/conformance/field-validation.test.ts › refuses unknown metadata of a custom resource, and of an object inside it",
    ],
  },
  {
    codename:
      "[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object [Conformance]",
    tests: [
      "pkg/apiserver/conformance/field-validation.test.ts › names unknown fields in the metadata of a typed object",
    ],
  },
  {
    codename: "[sig-api-machinery] Garbage collector should delete pods created by rc when not orphaning [Conformance]",
    tests: [
      "pkg/apiserver/conformance/garbage-collector.test.ts › deletes the pods of a ReplicationController that is deleted in the background",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Garbage collector should keep the rc around until all its pods are deleted if the deleteOptions says so [Serial] [Conformance]",
    tests: [
      "pkg/apiserver/conformance/garbage-collector.test.ts › keeps a ReplicationController that is deleted in the foreground until its last pod is gone",
    ],
  },
  {
    codename: "[sig-api-machinery] Garbage collector should not be blocked by dependency circle [Conformance]",
    tests: [
      "pkg/apiserver/conformance/garbage-collector.test.ts › is not blocked by pods that own each other in a circle",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Garbage collector should not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted [Serial] [Conformance]",
    tests: [
      "pkg/apiserver/conformance/garbage-collector.test.ts › leaves pods that have another owner when one is deleted in the foreground",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Garbage collector should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan [Conformance]",
    tests: [
      "pkg/apiserver/conformance/garbage-collector.test.ts › orphans the ReplicaSet of a Deployment, with its pods, when told to",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Garbage collector should orphan pods created by rc if delete options say so [Serial] [Conformance]",
    tests: [
      "pkg/apiserver/conformance/garbage-collector.test.ts › orphans the pods of a ReplicationController when told to",
    ],
  },
  {
    codename:
      "[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment [Conformance]",
    tests: [
      "pkg/apiserver/admission/policies/mutating-admission-policy.test.ts › admit applies a configuration to a deployment when its policy says so",
    ],
  },
  {
    codename:
      "[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment with annotations [Conformance]",
    tests: [
      "pkg/apiserver/admission/policies/mutating-admission-policy.test.ts › admit adds annotations when variables and conditions say so",
    ],
  },
  {
    codename:
      "[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicy API operations [Conformance]",
    tests: [
      "pkg/apiserver/conformance/discovery.test.ts › names admissionregistration.k8s.io, its version and its resources in each document",
      "pkg/apiserver/admission/policies/policy-api.test.ts › mutatingadmissionpolicies can be created, read, watched, changed and deleted when an administrator asks",
    ],
  },
  {
    codename:
      "[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicyBinding API operations [Conformance]",
    tests: [
      "pkg/apiserver/conformance/discovery.test.ts › names admissionregistration.k8s.io, its version and its resources in each document",
      "pkg/apiserver/admission/policies/policy-api.test.ts › mutatingadmissionpolicybindings can be created, read, watched, changed and deleted when an administrator asks",
    ],
  },
  {
    codename: "[sig-api-machinery] Namespaces [Serial] should apply a finalizer to a Namespace [Conformance]",
    tests: ["pkg/apiserver/conformance/namespaces.test.ts › take a finalizer and give it back"],
  },
  {
    codename: "[sig-api-machinery] Namespaces [Serial] should apply an update to a Namespace [Conformance]",
    tests: ["pkg/apiserver/conformance/namespaces.test.ts › are updated"],
  },
  {
    codename:
      "[sig-api-machinery] Namespaces [Serial] should ensure that all pods are removed when a namespace is deleted [Conformance]",
    tests: [
      "pkg/apiserver/conformance/namespaces.test.ts › lose their pods when they are deleted, and have none when they are made again",
      "e2e/first-deployment/first-deployment.e2e.ts › empties a namespace that is deleted",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Namespaces [Serial] should ensure that all services are removed when a namespace is deleted [Conformance]",
    tests: [
      "pkg/apiserver/conformance/namespaces.test.ts › lose their services when they are deleted, and have none when they are made again",
    ],
  },
  {
    codename: "[sig-api-machinery] Namespaces [Serial] should patch a Namespace [Conformance]",
    tests: ["pkg/apiserver/conformance/namespaces.test.ts › are patched"],
  },
  {
    codename: "[sig-api-machinery] ResourceQuota should apply changes to a resourcequota status [Conformance]",
    tests: [
      "pkg/apiserver/conformance/resource-quota.test.ts › has a status that is written by itself, and leaves the spec alone",
    ],
  },
  {
    codename: "[sig-api-machinery] ResourceQuota should be able to update and delete ResourceQuota. [Conformance]",
    tests: ["pkg/apiserver/conformance/resource-quota.test.ts › is updated and deleted"],
  },
  {
    codename:
      "[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a configMap. [Conformance]",
    tests: ["pkg/apiserver/conformance/resource-quota.test.ts › counts a config map as long as it lives"],
  },
  {
    codename:
      "[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a pod. [Conformance]",
    tests: [
      "pkg/apiserver/conformance/resource-quota.test.ts › counts what a pod requests as long as it lives, and refuses what exceeds it",
    ],
  },
  {
    codename:
      "[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a replica set. [Conformance]",
    tests: ["pkg/apiserver/conformance/resource-quota.test.ts › counts a replica set as long as it lives"],
  },
  {
    codename:
      "[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a replication controller. [Conformance]",
    tests: ["pkg/apiserver/conformance/resource-quota.test.ts › counts a replication controller as long as it lives"],
  },
  {
    codename:
      "[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a service. [Conformance]",
    tests: ["pkg/apiserver/conformance/resource-quota.test.ts › counts services by their type as long as they live"],
  },
  {
    codename:
      "[sig-api-machinery] ResourceQuota should create a ResourceQuota and ensure its status is promptly calculated. [Conformance]",
    tests: ["pkg/apiserver/conformance/resource-quota.test.ts › has a status soon after it is created"],
  },
  {
    codename: "[sig-api-machinery] ResourceQuota should manage the lifecycle of a ResourceQuota [Conformance]",
    tests: [
      "pkg/apiserver/conformance/resource-quota.test.ts › is found in all namespaces by label, patched, and deleted with its collection",
    ],
  },
  {
    codename: "[sig-api-machinery] ResourceQuota should verify ResourceQuota with best effort scope. [Conformance]",
    tests: ["pkg/apiserver/conformance/resource-quota.test.ts › counts pods by the scope BestEffort or NotBestEffort"],
  },
  {
    codename: "[sig-api-machinery] ResourceQuota should verify ResourceQuota with terminating scopes. [Conformance]",
    tests: [
      "pkg/apiserver/conformance/resource-quota.test.ts › counts pods by the scope Terminating or NotTerminating",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Slow] [Conformance]",
    tests: [
      "pkg/apiserver/conformance/chunking.test.ts › goes on from the last key when the list's revision was compacted away",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Servers with support for Table transformation should return a 406 for a backend which does not implement metadata [Conformance]",
    tests: [
      "pkg/apiserver/http/https.test.ts › refuses a review as a Table with 406, unless plain JSON is accepted too",
    ],
  },
  {
    codename:
      "[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should allow expressions to refer variables. [Conformance]",
    tests: [
      "pkg/apiserver/admission/policies/validating-admission-policy.test.ts › validate lets expressions refer to variables when they are declared",
    ],
  },
  {
    codename:
      "[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations [Conformance]",
    tests: [
      "pkg/apiserver/conformance/discovery.test.ts › names admissionregistration.k8s.io, its version and its resources in each document",
      "pkg/apiserver/admission/policies/policy-api.test.ts › validatingadmissionpolicies can be created, read, watched, changed and deleted when an administrator asks",
      "pkg/apiserver/admission/policies/policy-api.test.ts › validatingadmissionpolicies keep their status apart when it is written",
    ],
  },
  {
    codename:
      "[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should validate against a Deployment [Conformance]",
    tests: [
      "pkg/apiserver/admission/policies/validating-admission-policy.test.ts › validate denies a deployment when its expression is false",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Watchers should be able to restart watching from the last resource version observed by the previous watch [Conformance]",
    tests: ["pkg/apiserver/conformance/watchers.test.ts › go on from the last revision that another watch saw"],
  },
  {
    codename:
      "[sig-api-machinery] Watchers should be able to start watching from a specific resource version [Conformance]",
    tests: ["pkg/apiserver/conformance/watchers.test.ts › start from a revision and are told only of what came after"],
  },
  {
    codename:
      "[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps [Conformance]",
    tests: [
      "pkg/apiserver/conformance/watchers.test.ts › are told of what matches their selector, added, modified and deleted, and of nothing else",
    ],
  },
  {
    codename:
      "[sig-api-machinery] Watchers should observe an object deletion if it stops meeting the requirements of the selector [Conformance]",
    tests: [
      "pkg/apiserver/conformance/watchers.test.ts › see a deletion when an object leaves their selector, and it added when it is back",
    ],
  },
  {
    codename: "[sig-api-machinery] Watchers should receive events on concurrent watches in same order [Conformance]",
    tests: [
      "pkg/apiserver/conformance/watchers.test.ts › are told of the same events in the same order when they run at once",
    ],
  },
  {
    codename: "[sig-api-machinery] server version should find the server version [Conformance]",
    tests: ["pkg/apiserver/conformance/discovery.test.ts › tells the server's version, major and minor as integers"],
  },
  {
    codename:
      "[sig-cli] Kubectl client Guestbook application should create and stop a working application [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › creates a guestbook that keeps what is written into it, and stops it"],
  },
  {
    codename:
      "[sig-cli] Kubectl client Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › tells in cluster-info where the control plane runs"],
  },
  {
    codename:
      "[sig-cli] Kubectl client Kubectl diff should check if kubectl diff finds a difference for Deployments [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › shows in diff the image that a Deployment would get"],
  },
  {
    codename: "[sig-cli] Kubectl client Kubectl expose should create services for rc [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › exposes a replication controller, and a service, under other ports"],
  },
  {
    codename: "[sig-cli] Kubectl client Kubectl label should update the label on a resource [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › gives a pod a label and takes it away"],
  },
  {
    codename: "[sig-cli] Kubectl client Kubectl patch should add annotations for pods in rc [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › patches annotations into every pod of a replication controller"],
  },
  {
    codename: "[sig-cli] Kubectl client Kubectl replace should update a single-container pod's image [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › replaces a pod's image where it runs, and the pod when forced"],
  },
  {
    codename:
      "[sig-cli] Kubectl client Kubectl run pod should create a pod from an image when restart is Never [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › runs a pod from an image, to be restarted never"],
  },
  {
    codename:
      "[sig-cli] Kubectl client Kubectl server-side dry-run should check if kubectl can dry-run update Pods [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › tries a patch on the server and changes nothing"],
  },
  {
    codename: "[sig-cli] Kubectl client Proxy server should support --unix-socket=/path [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › proxies on a unix socket"],
  },
  {
    codename: "[sig-cli] Kubectl client Proxy server should support proxy with --port 0 [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › proxies on a port that it chooses"],
  },
  {
    codename: "[sig-cli] Kubectl client Update Demo should scale a replication controller [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › scales a replication controller down and up"],
  },
  {
    codename: "[sig-cli] Kubectl logs logs should be able to retrieve and filter logs [Conformance]",
    tests: ["e2e/statements/kubectl.e2e.ts › reads logs and their last lines, first bytes, times and latest seconds"],
  },
];
