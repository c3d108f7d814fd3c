// The published definitions of every group and version, by name. Data only.
import admissionregistrationV1 from "./tables/admissionregistration-v1.json" with { type: "json" };
import apiextensionsV1 from "./tables/apiextensions-v1.json" with { type: "json" };
import apiregistrationV1 from "./tables/apiregistration-v1.json" with { type: "json" };
import appsV1 from "./tables/apps-v1.json" with { type: "json" };
import authenticationV1 from "./tables/authentication-v1.json" with { type: "json" };
import authorizationV1 from "./tables/authorization-v1.json" with { type: "json" };
import autoscalingV1 from "./tables/autoscaling-v1.json" with { type: "json" };
import autoscalingV2 from "./tables/autoscaling-v2.json" with { type: "json" };
import batchV1 from "./tables/batch-v1.json" with { type: "json" };
import certificatesV1 from "./tables/certificates-v1.json" with { type: "json" };
import coordinationV1 from "./tables/coordination-v1.json" with { type: "json" };
import coreV1 from "./tables/core-v1.json" with { type: "json" };
import discoveryV1 from "./tables/discovery-v1.json" with { type: "json" };
import eventsV1 from "./tables/events-v1.json" with { type: "json" };
import flowcontrolV1 from "./tables/flowcontrol-v1.json" with { type: "json" };
import metaV1 from "./tables/meta-v1.json" with { type: "json" };
import networkingV1 from "./tables/networking-v1.json" with { type: "json" };
import nodeV1 from "./tables/node-v1.json" with { type: "json" };
import policyV1 from "./tables/policy-v1.json" with { type: "json" };
import rbacV1 from "./tables/rbac-v1.json" with { type: "json" };
import resourceV1 from "./tables/resource-v1.json" with { type: "json" };
import schedulingV1 from "./tables/scheduling-v1.json" with { type: "json" };
import storageV1 from "./tables/storage-v1.json" with { type: "json" };
import type { Definitions } from "./schema.ts";

const tables: readonly unknown[] = [
  admissionregistrationV1,
  apiextensionsV1,
  apiregistrationV1,
  appsV1,
  authenticationV1,
  authorizationV1,
  autoscalingV1,
  autoscalingV2,
  batchV1,
  certificatesV1,
  coordinationV1,
  coreV1,
  discoveryV1,
  eventsV1,
  flowcontrolV1,
  metaV1,
  networkingV1,
  nodeV1,
  policyV1,
  rbacV1,
  resourceV1,
  schedulingV1,
  storageV1,
];

/** All built-in definitions; `$ref` of any resolves here. */
export function builtinSchemas(): Definitions {
  return Object.assign({}, ...tables) as Definitions;
}
