import type { CertificateSigningRequest } from "#pkg/api/types/certificates-v1.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../../types.ts";
import { concerns, refusal } from "./attributes.ts";

const SIGNER = "kubernetes.io/kube-apiserver-client";

/** Nobody gets a certificate of the group that may do everything by asking for one. */
export class CertificateSubjectRestriction implements AdmissionPlugin {
  readonly name = "CertificateSubjectRestriction";
  readonly resources = ["certificates.k8s.io/certificatesigningrequests"];

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (!concerns(attributes, "certificates.k8s.io/certificatesigningrequests", ["CREATE"])) return;
    const { spec } = attributes.object as CertificateSigningRequest;
    if (spec.signerName !== SIGNER) return;
    let organizations: readonly string[];
    try {
      // Loaded on first use: it is large, and few clusters ever see such a request.
      await import("reflect-metadata");
      const { Pkcs10CertificateRequest } = await import("@peculiar/x509");
      const pem = Buffer.from(spec.request, "base64").toString("latin1");
      organizations = new Pkcs10CertificateRequest(pem).subjectName.getField("O");
    } catch {
      throw refusal(attributes, "unable to parse csr");
    }
    if (organizations.includes("system:masters")) {
      throw refusal(attributes, `use of ${SIGNER} signer with system:masters group is not allowed`);
    }
  }
}
