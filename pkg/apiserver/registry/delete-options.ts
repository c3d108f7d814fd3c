import type { DeleteOptions } from "#pkg/api/types/meta-v1.ts";
import { badRequest, type FieldError, fieldError, invalid } from "#pkg/errors/index.ts";
import { decodeObject, readBody } from "./body.ts";
import type { RegistryServices, Target } from "./services.ts";

const POLICIES = ["Foreground", "Background", "Orphan"];

export type DeletePlan = Pick<
  DeleteOptions,
  "gracePeriodSeconds" | "orphanDependents" | "preconditions" | "propagationPolicy"
> & { readonly dryRun: boolean };

/** DeleteOptions from the body, or from query parameters when there is none. @throws 400, 422 */
export async function deletePlan(services: RegistryServices, target: Target): Promise<DeletePlan> {
  const { context } = target;
  const raw = await readBody(services, context, "DeleteOptions");
  const { query } = context;
  let options: DeleteOptions;
  if (raw !== undefined) {
    const value = raw.value as { apiVersion?: unknown; kind?: unknown } | null;
    // Clients send it under "v1", "meta.k8s.io/v1" or the resource's own group and version.
    const plain = typeof value === "object" && value !== null ? { ...value, apiVersion: "v1" } : value;
    const decode = services.typeDecoder("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
    options = decodeObject(
      { value: plain, text: undefined },
      { group: "", version: "v1", kind: "DeleteOptions", decode },
      "Ignore",
      context.warn,
    ) as unknown as DeleteOptions;
  } else options = fromQuery(query);
  const dryRun = [...(options.dryRun ?? []), ...query.getAll("dryRun")];
  validateDeleteOptions(options, dryRun);
  return { ...options, dryRun: dryRun.length > 0 };
}

function fromQuery(query: URLSearchParams): DeleteOptions {
  const grace = query.get("gracePeriodSeconds");
  if (grace !== null && !/^-?\d{1,15}$/.test(grace))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  const policy = query.get("propagationPolicy");
  const orphan = query.get("orphanDependents");
  if (orphan !== null && !BOOLEANS.has(orphan))
    throw badRequest(`strconv.ParseBool: parsing ${JSON.stringify(orphan)}: invalid syntax`);
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: BOOLEANS.get(orphan) === true }),
  };
}

/** As Go's ParseBool reads them; an empty parameter is true, as upstream's conversion has it. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True", ""].map((text) => [text, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text) => [text, false] as const),
]);

/**
 * Upstream's ValidateDeleteOptions. ignoreStoreReadErrorWithClusterBreakingPotential is left out of it and has no
 * effect, as where the feature that it belongs to is off. @throws 422
 */
export function validateDeleteOptions(options: DeleteOptions, dryRun: readonly string[]): void {
  const errors: FieldError[] = [];
  const { propagationPolicy: policy, orphanDependents } = options;
  if (policy !== undefined && orphanDependents !== undefined)
    errors.push(
      fieldError.invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"),
    );
  if (policy !== undefined && !POLICIES.includes(policy))
    errors.push(fieldError.notSupported("propagationPolicy", policy, [...POLICIES, "nil"]));
  if (dryRun.some((value) => value !== "All")) errors.push(fieldError.notSupported("dryRun", dryRun, ["All"]));
  if (errors.length > 0) throw invalid("meta.k8s.io", "DeleteOptions", "", errors);
}
