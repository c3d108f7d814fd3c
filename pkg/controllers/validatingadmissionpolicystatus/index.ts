// Tells authors of ValidatingAdmissionPolicies what is wrong with the types in their expressions.
// Reads policies and CustomResourceDefinitions; writes the policies' status.
export { ValidatingAdmissionPolicyStatusController } from "./status-controller.ts";
