import { forbidden } from "#pkg/errors/index.ts";
import { groupResource, type RegistryServices, type Target } from "./services.ts";

/** Who creates by PUT or by apply must be allowed to create. @throws 403 */
export async function authorizeCreate(services: RegistryServices, target: Target): Promise<void> {
  const { context, definition, namespace, name } = target;
  const { user } = context;
  const info = { ...context.info, verb: "create" };
  const { decision, reason } = await services.authorizer.authorize(user, info);
  if (decision === "allow") return;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const because = reason === "" ? "" : `: ${reason}`;
  throw forbidden(
    groupResource(definition),
    name,
    `User "${user.name}" cannot create resource "${definition.plural}" in API group "${definition.group}" ${where}${because}`,
  );
}
