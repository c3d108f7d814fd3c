import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, checkEnum, checkImmutable, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain, checkPathSegment, checkQualifiedName } from "../names.ts";
import { strategyOf } from "../strategy-of.ts";
import type { IngressClass } from "../types/networking-v1.ts";

function validate(ingressClass: IngressClass): Errors {
  const errors: Errors = [];
  const { controller = "", parameters } = ingressClass.spec;
  if (controller.length > 250) errors.push(fieldError.tooLong("spec.controller", 250));
  if (controller === "") errors.push(fieldError.required("spec.controller"));
  else if (!controller.includes("/")) {
    const why = 'must be a domain-prefixed path (such as "acme.io/foo")';
    errors.push(fieldError.invalid("spec.controller", controller, why));
  } else
    addInvalid(errors, "spec.controller", controller, checkQualifiedName(controller.split("/").slice(0, 2).join("/")));
  if (parameters === undefined) return errors;
  const at = "spec.parameters";
  const { apiGroup, kind, name } = parameters as Partial<typeof parameters>;
  if (apiGroup !== undefined) addInvalid(errors, `${at}.apiGroup`, apiGroup, checkDnsSubdomain(apiGroup));
  if (!kind) errors.push(fieldError.required(`${at}.kind`, "kind is required"));
  else addInvalid(errors, `${at}.kind`, kind, checkPathSegment(kind));
  if (!name) errors.push(fieldError.required(`${at}.name`, "name is required"));
  else addInvalid(errors, `${at}.name`, name, checkPathSegment(name));
  checkEnum(errors, `${at}.scope`, parameters.scope, ["Cluster", "Namespace"]);
  if (parameters.scope === "Namespace" && !parameters.namespace) {
    const why = "`parameters.scope` is set to 'Namespace'";
    errors.push(fieldError.required(`${at}.namespace`, why));
  }
  if (parameters.scope === "Cluster" && parameters.namespace !== undefined) {
    errors.push(fieldError.forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'"));
  }
  return errors;
}

function parametersOf({ spec }: IngressClass): string {
  const parameters = spec.parameters;
  if (parameters === undefined) return "<none>";
  const group = parameters.apiGroup === undefined ? "" : `.${parameters.apiGroup}`;
  return `${parameters.kind}${group}/${parameters.name}`;
}

export const ingressClassStrategy = strategyOf<IngressClass>({
  generation: true,
  defaults: (ingressClass) => {
    ingressClass.spec ??= {};
    if (ingressClass.spec.parameters !== undefined) ingressClass.spec.parameters.scope ??= "Cluster";
  },
  validate,
  validateUpdate: (ingressClass, old) => {
    const errors = validate(ingressClass);
    checkImmutable(errors, "spec.controller", ingressClass.spec.controller, old.spec.controller);
    return errors;
  },
  columns: [
    nameColumn,
    column("Controller", "Who serves it", (c: IngressClass) => c.spec.controller),
    column("Parameters", "What configures it", parametersOf),
    ageColumn,
  ],
});
