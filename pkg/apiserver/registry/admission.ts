import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { typeName } from "#pkg/api/schema/type-name.ts";
import { badRequest } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, GroupVersionKind } from "../types.ts";
import { decodeObject } from "./body.ts";
import type { DeletePlan } from "./delete-options.ts";
import type { UpdateRequest } from "./guaranteed-update.ts";
import type { Obj, RegistryServices, Target } from "./services.ts";

interface Attempt {
  readonly operation: AdmissionAttributes["operation"];
  readonly object?: Obj | undefined;
  readonly old?: KubeObject | undefined;
  readonly dryRun: boolean;
  /** For DELETE. */
  readonly plan?: DeletePlan;
  /** Somebody outside changes the object. */
  readonly onDecode?: () => void;
}

/** What admission plugins are told about a write. Parts that few plugins ask for are made when they do. */
export function attributes(
  services: RegistryServices,
  target: Target,
  attempt: Attempt,
): AdmissionAttributes & { readonly done: () => void } {
  const { context, definition } = target;
  const { operation, object, old, dryRun } = attempt;
  const kind = kindOf(target);
  const name = object?.metadata.name ?? target.name;
  const namespace = definition.plural === "namespaces" && definition.group === "" ? name : target.namespace;
  let listeners: (() => void)[] | undefined;
  return {
    operation,
    info: { ...context.info, namespace, name },
    kind,
    definition,
    user: context.user,
    object,
    old,
    get options() {
      return attempt.plan === undefined ? writeOptionsObject(target, operation) : deleteOptionsObject(attempt.plan);
    },
    decode(value) {
      attempt.onDecode?.();
      return decodeAgain(services, target, kind, object, value);
    },
    whenDone: (listener) => void (listeners ??= []).push(listener),
    done() {
      for (const listener of listeners ?? []) listener();
    },
    dryRun,
    warn: context.warn,
    signal: context.signal,
  };
}

/**
 * Admission of one attempt of an update: nothing when the request was admitted before as what it is part of. `admit`
 * tells whether somebody outside changed the object.
 */
export function updateAdmission(
  services: RegistryServices,
  target: Target,
  request: UpdateRequest,
  object: Obj,
  old: KubeObject,
): { admit(): Promise<boolean>; validate(): Promise<void>; readonly done: () => void } {
  const { body, dryRun } = request;
  if (request.admitted === true) return { admit: async () => false, validate: async () => {}, done: () => {} };
  const seen = body === undefined ? object : body.of(object);
  const was = body === undefined ? old : body.of(old);
  let mended = false;
  const attempt = attributes(services, target, {
    operation: "UPDATE",
    object: seen,
    old: was,
    dryRun,
    onDecode: () => (mended = true),
  });
  return {
    async admit() {
      await services.admission.admit(attempt);
      body?.into(object, seen);
      return mended;
    },
    validate: () => services.admission.validate(attempt),
    done: attempt.done,
  };
}

/** A deletion has no object of its own: plugins see what goes. */
export async function admitDelete(
  services: RegistryServices,
  target: Target,
  plan: DeletePlan,
  old: KubeObject,
): Promise<void> {
  const attempt = attributes(services, target, { operation: "DELETE", old, dryRun: plan.dryRun, plan });
  await services.admission.admit(attempt);
  await services.admission.validate(attempt);
}

/** Mutating and validating admission of a body that is not stored itself: bindings, evictions, token requests, reviews. */
export async function admitBody(
  services: RegistryServices,
  target: Target,
  object: Obj,
  dryRun: boolean,
): Promise<void> {
  const attempt = attributes(services, target, { operation: "CREATE", object, dryRun });
  const { info } = attempt;
  // Bodies need not say what the path says.
  const named = { ...attempt, info: { ...info, name: target.name === "" ? info.name : target.name } };
  await services.admission.admit(named);
  await services.admission.validate(named);
}

function kindOf({ definition, context }: Target): GroupVersionKind {
  const { subresource } = context.info;
  const own = subresource === "" ? undefined : definition.subresources[subresource];
  if (own === undefined || own.kind === definition.kind) return definition;
  return { group: own.group ?? definition.group, version: own.version ?? definition.version, kind: own.kind };
}

function decodeAgain(
  services: RegistryServices,
  target: Target,
  kind: GroupVersionKind,
  before: Obj | undefined,
  value: unknown,
): Obj {
  const { definition, context } = target;
  const isOwn = kind.kind === definition.kind;
  const decode = isOwn
    ? services.decoder(definition)
    : services.typeDecoder(typeName(kind.group, kind.version, kind.kind));
  const object = decodeObject({ value, text: undefined }, { ...kind, decode }, "Ignore", context.warn);
  if (isOwn) definition.strategy.defaults?.(object);
  if (before !== undefined) keepIdentity(object, before);
  return object;
}

/** Fields of the server's own; who changes them from outside changes nothing. */
const SYSTEM_FIELDS = [
  "uid",
  "creationTimestamp",
  "generation",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
];

function keepIdentity(object: Obj, before: Obj): void {
  const now = object.metadata as Record<string, unknown>;
  const was = before.metadata as Record<string, unknown>;
  if ((now["namespace"] ?? "") !== (was["namespace"] ?? ""))
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (was["name"] !== undefined && now["name"] !== was["name"])
    throw badRequest(
      `the name of the object (${object.metadata.name}) does not match the name on the URL (${before.metadata.name})`,
    );
  for (const field of SYSTEM_FIELDS) {
    if (was[field] === undefined) delete now[field];
    else now[field] = was[field];
  }
}

/** metav1.CreateOptions or UpdateOptions: patches are updates to admission, as upstream has it. */
function writeOptionsObject({ context }: Target, operation: AdmissionAttributes["operation"]): object | undefined {
  if (operation === "CONNECT") return undefined;
  const { query } = context;
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  const fieldManager = query.get("fieldManager") ?? "";
  const fieldValidation = query.get("fieldValidation") ?? "";
  return {
    kind: operation === "CREATE" ? "CreateOptions" : "UpdateOptions",
    apiVersion: "meta.k8s.io/v1",
    ...(dryRun.length === 0 ? {} : { dryRun }),
    ...(fieldManager === "" ? {} : { fieldManager }),
    ...(fieldValidation === "" ? {} : { fieldValidation }),
  };
}

function deleteOptionsObject(plan: DeletePlan): object {
  const { dryRun, gracePeriodSeconds, orphanDependents, preconditions, propagationPolicy } = plan;
  const given = { gracePeriodSeconds, orphanDependents, preconditions, propagationPolicy };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1", ...set, ...(dryRun ? { dryRun: ["All"] } : {}) };
}
