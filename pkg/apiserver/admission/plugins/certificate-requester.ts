import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { CertificateSigningRequest } from "#pkg/api/types/certificates-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../../types.ts";
import { concerns } from "./attributes.ts";

/** A signing request says who made it, whatever its body claims; approvers rely on that. */
export class CertificateRequester implements AdmissionPlugin {
  readonly name = "CertificateRequester";
  readonly resources = ["certificates.k8s.io/certificatesigningrequests"];

  async admit(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "certificates.k8s.io/certificatesigningrequests", ["CREATE"])) return;
    const { spec } = attributes.object as Mutable<CertificateSigningRequest>;
    const { name, uid, groups, extra } = attributes.user;
    spec.username = name;
    spec.groups = [...groups];
    if (uid === undefined) delete spec.uid;
    else spec.uid = uid;
    if (extra === undefined) delete spec.extra;
    else spec.extra = structuredClone(extra) as NonNullable<typeof spec.extra>;
  }
}
