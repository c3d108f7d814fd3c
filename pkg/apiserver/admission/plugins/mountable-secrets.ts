import type { Container, Pod, ServiceAccount } from "#pkg/api/types/core-v1.ts";

const ANNOTATION = "kubernetes.io/enforce-mountable-secrets";

/** Why a pod may not use a secret that its account does not list; only accounts with the annotation are so strict. */
export function secretNotMountable(pod: Pod, account: ServiceAccount): string | undefined {
  if (!isStrict(account)) return undefined;
  const { name } = account.metadata;
  const mountable = new Set((account.secrets ?? []).map((each) => each.name));
  const volume = (pod.spec.volumes ?? []).find(
    ({ secret }) => secret !== undefined && !mountable.has(secret.secretName ?? ""),
  );
  if (volume !== undefined)
    return `volume with secret.secretName="${volume.secret?.secretName}" is not allowed because service account ${name} does not reference that secret`;
  const refused =
    inContainers("init container", pod.spec.initContainers, account) ??
    inContainers("container", pod.spec.containers, account);
  if (refused !== undefined) return refused;
  const pull = new Set((account.imagePullSecrets ?? []).map((each) => each.name));
  const other = (pod.spec.imagePullSecrets ?? []).find((each) => !pull.has(each.name));
  if (other === undefined) return undefined;
  return `imagePullSecret.name="${other.name}" is not allowed because service account ${name} does not reference that imagePullSecret`;
}

/** The same for containers that are added to a running pod. */
export function ephemeralSecretNotMountable(pod: Pod, account: ServiceAccount): string | undefined {
  if (!isStrict(account)) return undefined;
  return inContainers("ephemeral container", pod.spec.ephemeralContainers as readonly Container[] | undefined, account);
}

const isStrict = ({ metadata }: ServiceAccount): boolean =>
  /^(1|t|true)$/i.test(metadata.annotations?.[ANNOTATION] ?? "");

function inContainers(
  what: string,
  containers: readonly Container[] | undefined,
  { secrets, metadata }: ServiceAccount,
): string | undefined {
  const mountable = new Set((secrets ?? []).map((each) => each.name));
  const because = `is not allowed because service account ${metadata.name} does not reference that secret`;
  for (const container of containers ?? []) {
    for (const { name, valueFrom } of container.env ?? []) {
      const secret = valueFrom?.secretKeyRef?.name;
      if (valueFrom?.secretKeyRef === undefined || mountable.has(secret ?? "")) continue;
      return `${what} ${container.name} with envVar ${name} referencing secret.secretName="${secret}" ${because}`;
    }
    for (const { secretRef } of container.envFrom ?? []) {
      if (secretRef === undefined || mountable.has(secretRef.name ?? "")) continue;
      return `${what} ${container.name} with envFrom referencing secret.secretName="${secretRef.name}" ${because}`;
    }
  }
  return undefined;
}
