import { randomInt } from "node:crypto";
import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Container, Pod, ServiceAccount as Account, Volume } from "#pkg/api/types/core-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin, ObjectReader } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";
import { ephemeralSecretNotMountable, secretNotMountable } from "./mountable-secrets.ts";

const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX = "kube-api-access-";
const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
/** A namespace's default account is made by a controller moments after the namespace. */
const WAIT_FOR_DEFAULT_MS = 1500;
const LETTERS = "bcdfghjklmnpqrstvwxz2456789";

/** Gives every pod a service account, its token and its pull secrets. */
export class ServiceAccount implements AdmissionPlugin {
  readonly name = "ServiceAccount";
  readonly resources = ["pods"];
  readonly #reader: ObjectReader;

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "pods", ["CREATE"])) return;
    const pod = attributes.object as Mutable<Pod>;
    if (pod.spec === undefined || pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return;
    const spec = pod.spec;
    spec.serviceAccountName ||= "default";
    spec.serviceAccount = spec.serviceAccountName;
    const account = await this.#account(attributes, spec.serviceAccountName);
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod);
    if ((spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets !== undefined) {
      spec.imagePullSecrets = structuredClone(account.imagePullSecrets) as typeof spec.imagePullSecrets;
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const pod = attributes.object as Pod;
    if (concerns(attributes, "pods", ["UPDATE"], "ephemeralcontainers")) {
      const account = await this.#account(attributes, pod.spec.serviceAccountName ?? "default");
      const why = ephemeralSecretNotMountable(pod, account);
      if (why !== undefined) throw refusal(attributes, why);
      return;
    }
    if (!concerns(attributes, "pods", ["CREATE"])) return;
    if (pod.metadata.annotations?.[MIRROR_ANNOTATION] === undefined) {
      const account = await this.#account(attributes, pod.spec.serviceAccountName ?? "default");
      const why = secretNotMountable(pod, account);
      if (why !== undefined) throw refusal(attributes, why);
      return;
    }
    if (pod.spec?.serviceAccountName) throw refusal(attributes, "a mirror pod may not reference service accounts");
    for (const volume of pod.spec?.volumes ?? []) {
      if (volume.secret !== undefined) throw refusal(attributes, "a mirror pod may not reference secrets");
      if (volume.projected?.sources?.some((s) => s.serviceAccountToken !== undefined) === true) {
        throw refusal(attributes, "a mirror pod may not use ServiceAccountToken volume projections");
      }
    }
  }

  async #account(attributes: AdmissionAttributes, name: string): Promise<Account> {
    const { namespace } = attributes.info;
    const get = (): Account | undefined => this.#reader.get("serviceaccounts", namespace, name) as Account | undefined;
    const found = get() ?? (name === "default" ? await this.#waitFor(get) : undefined);
    if (found !== undefined) return found;
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    throw refusal(attributes, why);
  }

  #waitFor(get: () => Account | undefined): Promise<Account | undefined> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        stop();
        resolve(get());
      };
      const timer = setTimeout(end, WAIT_FOR_DEFAULT_MS);
      const stop = this.#reader.onChange("serviceaccounts", () => {
        if (get() !== undefined) end();
      });
    });
  }
}

function mountToken(pod: Mutable<Pod>): void {
  const spec = pod.spec;
  if (spec === undefined) return;
  // Validation comes later: a volume may have no name.
  const isToken = ({ name, projected }: Partial<Volume>): boolean =>
    projected !== undefined && name?.startsWith(VOLUME_PREFIX) === true;
  const known = spec.volumes?.find(isToken);
  const name = known?.name ?? VOLUME_PREFIX + suffix();
  let mounted = false;
  const mount = (container: Mutable<Container>): void => {
    if (container.volumeMounts?.some((m) => m.mountPath === TOKEN_PATH) === true) return;
    (container.volumeMounts ??= []).push({ name, readOnly: true, mountPath: TOKEN_PATH });
    mounted = true;
  };
  spec.initContainers?.forEach(mount);
  spec.containers.forEach(mount);
  if (mounted && known === undefined) (spec.volumes ??= []).push(tokenVolume(name));
}

function suffix(): string {
  // Unlike randomBytes it draws from a store of random numbers: no system call each time.
  return Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}

/** Token, cluster CA and namespace in one place (KEP-1205); 3607 s marks a token that upstream's clients may extend. */
const tokenVolume = (name: string): Mutable<Volume> => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
      {
        downwardAPI: {
          items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
});
