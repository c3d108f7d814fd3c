import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import { typeName } from "#pkg/api/schema/type-name.ts";
import type { Scale } from "#pkg/api/types/autoscaling-v1.ts";
import { badRequest, fieldError, internalError, invalid, methodNotAllowed } from "#pkg/errors/index.ts";
import type { Reply } from "../../types.ts";
import { contentType, decodeObject, type Expected, readBody } from "../body.ts";
import { copyJson } from "../copy-json.ts";
import { guaranteedUpdate, type UpdateRequest } from "../guaranteed-update.ts";
import { matchPath } from "../metadata.ts";
import { applyOptions, writeOptions } from "../options.ts";
import { APPLY_PATCH, patchedObject, readPatch } from "../patch-body.ts";
import { existingReady, groupResource, type Obj, type RegistryServices, type Target } from "../services.ts";

/** GET, PUT and PATCH of autoscaling/v1 Scale, whose two numbers and selector lie where the strategy says. */
export async function getScale(_services: RegistryServices, target: Target): Promise<Reply> {
  return {
    kind: "object",
    status: 200,
    object: scaleOf(target, (await existingReady(target)).as(target.definition).object),
  };
}

export async function updateScale(services: RegistryServices, target: Target): Promise<Reply> {
  const options = writeOptions(target.context, "UpdateOptions");
  const raw = await readBody(services, target.context, "Scale");
  if (raw === undefined) throw badRequest("the object provided is unrecognized (must be of type Scale)");
  const scale = decodeObject(raw, expectedScale(services), options.fieldValidation, target.context.warn);
  return write(services, target, options.dryRun, () => scale);
}

export async function patchScale(services: RegistryServices, target: Target): Promise<Reply> {
  if (contentType(target.context) === APPLY_PATCH) return applyScale(services, target);
  const options = writeOptions(target.context, "PatchOptions");
  const patch = await readPatch(target.context, target.definition, options);
  const expected = expectedScale(services);
  return write(services, target, options.dryRun, (old) => {
    const now = scaleOf(target, old);
    const scale = patchedObject(patch, now as unknown as KubeObject, expected, options, target.context.warn);
    const { metadata } = scale as { metadata: { resourceVersion?: string } };
    if (metadata.resourceVersion === old.metadata.resourceVersion) delete metadata.resourceVersion;
    return scale;
  });
}

/** Replicas applied through scale belong to the applier at the object's own path. */
async function applyScale(services: RegistryServices, target: Target): Promise<Reply> {
  const { context, definition } = target;
  const options = applyOptions(context);
  const expected = expectedScale(services);
  const { appliedTo } = await import("../apply.ts");
  const { readConfiguration } = await import("../apply-configuration.ts");
  const given = await readConfiguration(services, context, expected, options.fieldValidation);
  const scale = decodeObject({ value: given, text: undefined }, expected, options.fieldValidation, context.warn);
  const { uid, resourceVersion } = scale.metadata;
  const { replicas } = (scale["spec"] ?? {}) as { replicas?: number };
  const config = {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
  };
  if (replicas !== undefined) setPath(config, rulesOf(target).specReplicas, replicasOf(target, scale));
  return put(services, target, options.dryRun, {
    applied: true,
    make: (old) => appliedTo(services, target, old, config, options),
  });
}

async function write(
  services: RegistryServices,
  target: Target,
  dryRun: boolean,
  wanted: (old: KubeObject) => Obj,
): Promise<Reply> {
  const { specReplicas } = rulesOf(target);
  return put(services, target, dryRun, {
    make: (old) => {
      const scale = wanted(old);
      matchPath(scale, target);
      const object = copyJson(old) as Obj;
      object.metadata.resourceVersion = scale.metadata.resourceVersion ?? "";
      if (scale.metadata.uid) object.metadata.uid = scale.metadata.uid;
      setPath(object, specReplicas, replicasOf(target, scale));
      return object;
    },
  });
}

async function put(
  services: RegistryServices,
  target: Target,
  dryRun: boolean,
  how: Pick<UpdateRequest, "make" | "applied">,
): Promise<Reply> {
  const { specReplicas, mustHaveReplicas } = rulesOf(target);
  const { strategy } = target.definition;
  const entry = await guaranteedUpdate(services, target, {
    ...how,
    dryRun,
    subresource: "scale",
    fromLive: true,
    body: {
      of: (object) => scaleOf(target, object) as unknown as Obj,
      into: (object, scale) => setPath(object, specReplicas, replicasOf(target, scale)),
    },
    rules: {
      generation: true,
      // Custom resources are checked as a whole, as upstream does.
      ...(mustHaveReplicas === true && strategy.validateUpdate !== undefined
        ? { validate: strategy.validateUpdate }
        : {}),
    },
  });
  return { kind: "object", status: 200, object: scaleOf(target, entry.as(target.definition).object) };
}

/** @throws 422 when negative */
function replicasOf(target: Target, scale: Obj): number {
  const { replicas = 0 } = (scale["spec"] ?? {}) as { replicas?: number };
  if (replicas >= 0) return replicas;
  const finding = fieldError.invalid("spec.replicas", replicas, "must be greater than or equal to 0");
  throw invalid("autoscaling", "Scale", target.name, [finding]);
}

function scaleOf(target: Target, object: KubeObject): Scale {
  const rules = rulesOf(target);
  const replicas = getPath(object, rules.specReplicas);
  if (replicas === undefined && rules.mustHaveReplicas === true)
    throw internalError(`the spec replicas field ${JSON.stringify(rules.specReplicas)} does not exist`);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = rules.selector(object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(replicas ?? 0) },
    status: {
      replicas: Number(getPath(object, rules.statusReplicas) ?? 0),
      ...(selector === "" ? {} : { selector }),
    },
  } as Scale;
}

function rulesOf(target: Target): NonNullable<Target["definition"]["strategy"]["scale"]> {
  const { scale } = target.definition.strategy;
  if (scale === undefined) throw methodNotAllowed(groupResource(target.definition), target.context.info.verb);
  return scale;
}

function expectedScale(services: RegistryServices): Expected {
  const decode = services.typeDecoder(typeName("autoscaling", "v1", "Scale"));
  return { group: "autoscaling", version: "v1", kind: "Scale", decode };
}

const steps = (path: string): string[] => path.split(".").filter((step) => step !== "");

/** Paths come from CRDs: they lead to members of the object and to nothing of JavaScript's own. */
const member = (at: unknown, step: string): unknown =>
  typeof at === "object" && at !== null && Object.hasOwn(at, step) ? (at as Record<string, unknown>)[step] : undefined;

function getPath(object: unknown, path: string): unknown {
  return steps(path).reduce(member, object);
}

function setPath(object: Record<string, unknown>, path: string, value: unknown): void {
  const names = steps(path);
  let at = object;
  for (const [i, step] of names.entries()) {
    const held = member(at, step);
    const next = i === names.length - 1 ? value : typeof held === "object" && held !== null ? held : {};
    Object.defineProperty(at, step, { value: next, enumerable: true, configurable: true, writable: true });
    at = next as Record<string, unknown>;
  }
}
