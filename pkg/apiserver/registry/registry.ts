import { resourceKey } from "#pkg/api/schema/load.ts";
import { ApiError, badRequest } from "#pkg/errors/index.ts";
import type { Reply, RequestContext, RequestInfo } from "../types.ts";
import { admitConnect } from "./connect.ts";
import { create } from "./create.ts";
import { deleteOne } from "./delete.ts";
import { deleteCollection } from "./delete-collection.ts";
import { get } from "./get.ts";
import { list } from "./list.ts";
import { patch } from "./patch.ts";
import { isStored } from "./resource-table.ts";
import { type RegistryServices, type Target } from "./services.ts";
import { checkNotTerminating, unknownResource } from "./still-served.ts";
import { subresourceVerbs } from "./subresources/index.ts";
import { update } from "./update.ts";
import { virtualVerbs } from "./virtual/index.ts";
import { watch } from "./watch.ts";

export type Verb = (services: RegistryServices, target: Target) => Reply | Promise<Reply>;

const VERBS: Readonly<Record<string, Verb>> = {
  get,
  list,
  watch,
  create,
  update: (services, target) => update(services, target),
  patch: (services, target) => patch(services, target),
  delete: deleteOne,
  deletecollection: deleteCollection,
};

/** Answers the verbs of every resource. The verbs know no kind: what is special stands in the definition. */
export class Registry {
  readonly #services: RegistryServices;

  constructor(services: RegistryServices) {
    this.#services = services;
  }

  /** Admission of what a route that `connects` answers. @throws ApiError */
  async admitConnect(context: RequestContext): Promise<void> {
    await admitConnect(this.#services, context);
  }

  /** @throws ApiError, also at once */
  handle(context: RequestContext): Reply | Promise<Reply> {
    const { info } = context;
    const services = this.#services;
    const definition = services.resources.find(info.group, info.version, info.resource);
    if (definition === undefined) throw unknownResource();
    const isNamespaceItself = info.resource === "namespaces" && info.group === "";
    const namespace = isNamespaceItself ? "" : info.namespace;
    if (!definition.namespaced && namespace !== "") throw unknownResource();
    const isPart = info.subresource !== "" && Object.hasOwn(definition.subresources, info.subresource);
    const subresource = isPart ? definition.subresources[info.subresource] : undefined;
    if (info.subresource !== "" && subresource === undefined) throw unknownResource();
    const allowed = (subresource ?? definition).verbs;
    const resource = resourceKey(definition);
    const verbs =
      info.subresource === "" ? (virtualVerbs(resource) ?? VERBS) : subresourceVerbs(resource, info.subresource);
    const verb = verbs?.[info.verb];
    if (verb === undefined || !allowed.includes(info.verb) || !hasRoute(info)) throw unknownMethod();
    if (info.verb === "create") checkNotTerminating(definition);
    if (definition.namespaced && namespace === "" && info.name !== "")
      throw badRequest("namespace is required for this resource");
    if (definition.namespaced && namespace === "" && info.verb === "create")
      throw badRequest("an empty namespace may not be set during creation");
    if (definition.deprecationWarning !== undefined) context.warn(definition.deprecationWarning);
    // Resources without storage never look at a cache; they are given one that exists.
    const cache = services.cache.resource(isStored(definition) ? definition.storage.prefix : "pods");
    return verb(services, { context, definition, cache, namespace, name: info.name });
  }
}

/** POST is for collections, and PUT and PATCH for single objects; subresources are checked by their own verbs. */
function hasRoute({ verb, name, subresource }: RequestInfo): boolean {
  if (subresource !== "") return true;
  if (verb === "create") return name === "";
  return (verb !== "update" && verb !== "patch") || name !== "";
}

function unknownMethod(): ApiError {
  return new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}
