import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { typeName } from "#pkg/api/schema/type-name.ts";
import { badRequest } from "#pkg/errors/index.ts";
import type { AdmissionAttributes, GroupVersionKind, RequestInfo, UserInfo } from "../types.ts";
import { decodeObject } from "./body.ts";
import type { DeletePlan } from "./delete-options.ts";
import type { Obj, RegistryServices, Target } from "./services.ts";

export interface Attempt {
  readonly operation: AdmissionAttributes["operation"];
  readonly object?: object | undefined;
  readonly old?: KubeObject | undefined;
  readonly dryRun: boolean;
  /** The name of the request, where that of the object says nothing. */
  readonly name?: string;
  /** For DELETE. */
  readonly plan?: DeletePlan;
  /** Somebody outside changes the object. */
  readonly onDecode?: () => void;
}

/** What admission plugins are told about a write. Parts that few plugins ask for are made when they do. */
export class WriteAttributes implements AdmissionAttributes {
  readonly operation: AdmissionAttributes["operation"];
  readonly info: RequestInfo;
  readonly kind: GroupVersionKind;
  readonly definition: Target["definition"];
  readonly user: UserInfo;
  // oxlint-disable-next-line no-explicit-any -- any kind of object passes here
  readonly object: any;
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  readonly warn: (text: string) => void;
  readonly #services: RegistryServices;
  readonly #target: Target;
  readonly #attempt: Attempt;
  #listeners: (() => void)[] | undefined;

  constructor(services: RegistryServices, target: Target, attempt: Attempt) {
    const { context, definition } = target;
    const { metadata } = (attempt.object ?? {}) as Partial<Obj>;
    const name = attempt.name ?? metadata?.name ?? target.name;
    const namespace = definition.plural === "namespaces" && definition.group === "" ? name : target.namespace;
    const { info } = context;
    this.#services = services;
    this.#target = target;
    this.#attempt = attempt;
    this.operation = attempt.operation;
    this.info = info.name === name && info.namespace === namespace ? info : { ...info, namespace, name };
    this.kind = kindOf(target);
    this.definition = definition;
    this.user = context.user;
    this.object = attempt.object;
    this.old = attempt.old;
    this.dryRun = attempt.dryRun;
    this.warn = context.warn;
  }

  get options(): object | undefined {
    const { plan } = this.#attempt;
    return plan === undefined ? writeOptionsObject(this.#target, this.operation) : deleteOptionsObject(plan);
  }

  get signal(): AbortSignal {
    return this.#target.context.signal;
  }

  decode(value: unknown): Obj {
    this.#attempt.onDecode?.();
    return decodeAgain(this.#services, this.#target, this.kind, this.object, value);
  }

  whenDone(listener: () => void): void {
    (this.#listeners ??= []).push(listener);
  }

  /** The write is over. */
  done(): void {
    for (const listener of this.#listeners ?? []) listener();
  }
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
