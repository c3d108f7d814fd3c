import type { ResourceDefinition, SubresourceDefinition } from "#pkg/api/definition.ts";
import { typeName } from "#pkg/api/schema/type-name.ts";
import { badRequest } from "#pkg/errors/index.ts";
import { decodeObject, type Expected, readBody } from "../body.ts";
import { type WriteOptions, writeOptions } from "../options.ts";
import type { Obj, RegistryServices, Target } from "../services.ts";

/** What a subresource that has a kind of its own expects as its body. */
export function expectedBody(
  services: RegistryServices,
  definition: ResourceDefinition,
  subresource: SubresourceDefinition,
): Expected {
  const group = subresource.group ?? definition.group;
  const version = subresource.version ?? definition.version;
  const { kind } = subresource;
  return { group, version, kind, decode: services.typeDecoder(typeName(group, version, kind)) };
}

/** Reads and decodes the body of a POST or PUT on a subresource with a kind of its own. @throws 400 */
export async function readSubresource(
  services: RegistryServices,
  target: Target,
  subresource: SubresourceDefinition,
): Promise<{ readonly object: Obj; readonly options: WriteOptions }> {
  const options = writeOptions(target.context, "CreateOptions");
  const expected = expectedBody(services, target.definition, subresource);
  const raw = await readBody(services, target.context, expected.kind);
  if (raw === undefined) throw badRequest(`the object provided is unrecognized (must be of type ${expected.kind})`);
  const object = decodeObject(raw, expected, options.fieldValidation, target.context.warn);
  return { object, options };
}

/** metav1.Status of a write that has nothing else to say. */
export const SUCCESS = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 } as const;
