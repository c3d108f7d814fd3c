import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Authorizer } from "../../types.ts";
import { CertificateApproval, CertificateSigning } from "./certificate-signers.ts";
import { PersistentVolumeClaimResize } from "./persistent-volume-claim-resize.ts";
import { ServiceAccount } from "./service-account.ts";
import { pod, readerOf, write } from "./testing.ts";

describe("PersistentVolumeClaimResize", () => {
  const classes = ["grows", "stays"].map((name) => ({ metadata: { name }, allowVolumeExpansion: name === "grows" }));
  const plugin = new PersistentVolumeClaimResize({ reader: readerOf({ "storage.k8s.io/storageclasses": classes }) });
  const claim = (storage: string, storageClassName = "grows", phase = "Bound") => ({
    metadata: { name: "c", namespace: "ns" },
    spec: { storageClassName, resources: { requests: { storage } } },
    status: { phase },
  });
  const update = (old: object, object: object) =>
    plugin.validate(write({ resource: "persistentvolumeclaims", operation: "UPDATE", old, object }));

  it("lets bound claims of a class that allows it grow", async () => {
    await update(claim("1Gi"), claim("2Gi"));
    await update(claim("2Gi", "stays"), claim("2Gi", "stays"));
    await assert.rejects(update(claim("1Gi", "stays"), claim("2Gi", "stays")), {
      code: 403,
      message:
        'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    });
    await assert.rejects(update(claim("1Gi", "grows", "Pending"), claim("2Gi")), /Only bound persistent volume claims/);
  });
});

describe("CertificateApproval and CertificateSigning", () => {
  const authorizer: Authorizer = {
    authorize: async (user, { verb, name }) => ({
      decision: user.name === `${verb} ${name}` ? "allow" : "no-opinion",
      reason: "",
    }),
  };
  const request = (status: object = {}) => ({ metadata: { name: "r" }, spec: { signerName: "a.b/c" }, status });
  const asking = (name: string, subresource: string, object: object = request()) =>
    write({
      resource: "certificates.k8s.io/certificatesigningrequests",
      operation: "UPDATE",
      subresource,
      old: request(),
      object,
      user: { name, groups: [] },
    });

  it("asks for permission on the signer or its domain", async () => {
    const approval = new CertificateApproval({ authorizer });
    await approval.validate(asking("approve a.b/c", "approval"));
    await approval.validate(asking("approve a.b/*", "approval"));
    await assert.rejects(async () => approval.validate(asking("sign a.b/c", "approval")), {
      message:
        'certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "a.b/c"',
    });
  });
  it("asks only whom it concerns when a status changes", async () => {
    const signing = new CertificateSigning({ authorizer });
    await signing.validate(asking("nobody", "status"));
    const signed = request({ certificate: "x" });
    await signing.validate(asking("sign a.b/*", "status", signed));
    await assert.rejects(
      async () => signing.validate(asking("approve a.b/c", "status", signed)),
      /not permitted to sign/,
    );
  });
});

describe("ServiceAccount", () => {
  it("holds pods to the secrets that a strict account lists", async () => {
    const account = (strict: string) => ({
      metadata: {
        name: "default",
        namespace: "ns",
        annotations: { "kubernetes.io/enforce-mountable-secrets": strict },
      },
      secrets: [{ name: "mine" }],
    });
    const validate = (strict: string, spec: object) =>
      new ServiceAccount({ reader: readerOf({ serviceaccounts: [account(strict)] }) }).validate(
        write({ object: pod(spec as never) }),
      );
    const volumes = (secretName: string) => ({ volumes: [{ name: "v", secret: { secretName } }] });
    const env = [{ name: "E", valueFrom: { secretKeyRef: { name: "other", key: "k" } } }];
    await validate("true", volumes("mine"));
    await validate("false", volumes("other"));
    await assert.rejects(validate("true", volumes("other")), {
      message:
        'pods "p" is forbidden: volume with secret.secretName="other" is not allowed because service account default does not reference that secret',
    });
    await assert.rejects(
      validate("true", { containers: [{ name: "c", env }] }),
      /container c with envVar E referencing secret.secretName="other" is not allowed/,
    );
    await assert.rejects(validate("true", { imagePullSecrets: [{ name: "pull" }] }), /imagePullSecret.name="pull"/);
  });
});
