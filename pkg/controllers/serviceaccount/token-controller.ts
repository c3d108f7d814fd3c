import { type Secret, secrets, type ServiceAccount, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import type { LegacyTokenSigner } from "./token-signer.ts";

const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";
const TYPE = "kubernetes.io/service-account-token";
const BY_ACCOUNT = "service-account";

/** Fills Secrets that ask for a ServiceAccount's token, and deletes those whose account is gone. */
export class TokenController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #rootCa: string;
  readonly #sign: LegacyTokenSigner;
  readonly #secrets: Informer<Secret>;
  readonly #accounts: Informer<ServiceAccount>;

  constructor(parts: ControllerParts, options: { readonly rootCa: string; readonly signToken: LegacyTokenSigner }) {
    const accounts = parts.informers.informer(serviceaccounts);
    const secretInformer = parts.informers.informer(secrets, { fieldSelector: `type=${TYPE}` });
    super({
      name: "serviceaccount-token",
      informers: [accounts, secretInformer],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#rootCa = options.rootCa;
    this.#sign = options.signToken;
    this.#secrets = secretInformer;
    this.#accounts = accounts;
    secretInformer.addIndex(BY_ACCOUNT, (secret) => [accountKey(secret)]);
    const enqueue = (secret: Secret): void => this.queue.add(keyOf(secret));
    secretInformer.addHandler({ add: enqueue, update: enqueue });
    const changed = (account: ServiceAccount): void => {
      secretInformer.lister.byIndex(BY_ACCOUNT, keyOf(account)).forEach(enqueue);
    };
    accounts.addHandler({ add: changed, delete: changed });
  }

  async #sync(key: string): Promise<void> {
    const secret = this.#secrets.lister.getByKey(key);
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return;
    const account = await this.#accountOf(secret);
    const uid = secret.metadata.annotations?.[ACCOUNT_UID] ?? "";
    if (account === undefined || (uid !== "" && uid !== account.metadata.uid)) {
      await this.#delete(secret);
      return;
    }
    const namespace = secret.metadata.namespace ?? "";
    const data = {
      ...secret.data,
      "ca.crt": Buffer.from(this.#rootCa).toString("base64"),
      namespace: Buffer.from(namespace).toString("base64"),
    };
    const filled =
      uid !== "" &&
      (secret.data?.["token"] ?? "") !== "" &&
      secret.data?.["ca.crt"] === data["ca.crt"] &&
      secret.data["namespace"] === data.namespace;
    if (filled) return;
    const token = secret.data?.["token"] ?? Buffer.from(await this.#sign({ account, secret })).toString("base64");
    const annotations = { ...secret.metadata.annotations, [ACCOUNT_UID]: account.metadata.uid };
    await this.#parts.client.update(secrets, {
      ...secret,
      metadata: { ...secret.metadata, annotations },
      data: { ...data, token },
    });
  }

  /** Asked live before a Secret is deleted for want of it: the informer may be behind. */
  async #accountOf(secret: Secret): Promise<ServiceAccount | undefined> {
    const namespace = secret.metadata.namespace ?? "";
    const name = secret.metadata.annotations?.[ACCOUNT_NAME] ?? "";
    const uid = secret.metadata.annotations?.[ACCOUNT_UID] ?? "";
    const known = this.#accounts.lister.get({ namespace, name });
    if (known !== undefined && (uid === "" || uid === known.metadata.uid)) return known;
    if (name === "") return undefined;
    try {
      return await this.#parts.client.get(serviceaccounts, { namespace, name });
    } catch (err) {
      if (isNotFound(err)) return undefined;
      throw err;
    }
  }

  async #delete(secret: Secret): Promise<void> {
    const { namespace = "", name, uid, resourceVersion } = secret.metadata;
    try {
      await this.#parts.client.delete(secrets, { namespace, name }, { preconditions: { uid, resourceVersion } });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }
}

function accountKey(secret: Secret): string {
  return `${secret.metadata.namespace ?? ""}/${secret.metadata.annotations?.[ACCOUNT_NAME] ?? ""}`;
}
