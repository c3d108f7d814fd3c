import { isDeepStrictEqual } from "node:util";
import type { CertificateSigningRequest } from "#pkg/api/types/certificates-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin, Authorizer, RequestInfo } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";

const REQUESTS = "certificates.k8s.io/certificatesigningrequests";
interface Parts {
  readonly authorizer: Authorizer;
}

/** Who approves requests needs the verb "approve" on the signer that will act on them. */
export class CertificateApproval implements AdmissionPlugin {
  readonly name = "CertificateApproval";
  readonly resources = [REQUESTS];
  readonly #authorizer: Authorizer;

  constructor(parts: Parts) {
    this.#authorizer = parts.authorizer;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (concerns(attributes, REQUESTS, ["UPDATE"], "approval")) await mayAct(this.#authorizer, attributes, "approve");
  }
}

/** Who issues certificates, or says that they are not issued, needs the verb "sign" on the signer. */
export class CertificateSigning implements AdmissionPlugin {
  readonly name = "CertificateSigning";
  readonly resources = [REQUESTS];
  readonly #authorizer: Authorizer;

  constructor(parts: Parts) {
    this.#authorizer = parts.authorizer;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, REQUESTS, ["UPDATE"], "status")) return;
    const { status = {} } = attributes.object as CertificateSigningRequest;
    const { status: old = {} } = attributes.old as CertificateSigningRequest;
    const isSame = status.certificate === old.certificate && isDeepStrictEqual(status.conditions, old.conditions);
    if (!isSame) await mayAct(this.#authorizer, attributes, "sign");
  }
}

/** Permission for the one signer, or for all of its domain ("example.com/*"). */
async function mayAct(
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  verb: "approve" | "sign",
): Promise<void> {
  const { signerName } = (attributes.old as CertificateSigningRequest).spec;
  for (const name of [signerName, `${signerName.split("/")[0]}/*`]) {
    const info: RequestInfo = {
      isResource: true,
      verb,
      path: "",
      group: "certificates.k8s.io",
      version: "*",
      namespace: "",
      resource: "signers",
      subresource: "",
      name,
      rest: "",
    };
    if ((await authorizer.authorize(attributes.user, info)).decision === "allow") return;
  }
  throw refusal(attributes, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
}
