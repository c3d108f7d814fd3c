// Admission by policies: the expressions that administrators bind to requests, judging or changing what is written.
// Reads policies, bindings, parameters and namespaces of the server's cache; changes only the object being admitted.
export { MutatingAdmissionPolicy } from "./mutating-admission-policy.ts";
export { ValidatingAdmissionPolicy } from "./validating-admission-policy.ts";
