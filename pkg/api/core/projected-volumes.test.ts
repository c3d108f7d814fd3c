// Sources of projected volumes and the files they fill, a line for each finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "../testing.ts";

type Loose = Record<string, unknown>;
const rules = new KindRules("/pods");
const withVolume = (volume: Loose, spec: Loose = {}): Loose => ({
  spec: {
    serviceAccountName: "sa",
    containers: [{ name: "c", image: "i" }],
    volumes: [{ name: "v", ...volume }],
    ...spec,
  },
});
const projected = (...sources: Loose[]): Loose => withVolume({ projected: { sources } });
const bundle = (clusterTrustBundle: Loose): Loose =>
  projected({ clusterTrustBundle: { path: "p", ...clusterTrustBundle } });
const certificate = (podCertificate: Loose): Loose =>
  projected({ podCertificate: { keyType: "ED25519", signerName: "example.com/s", keyPath: "k", ...podCertificate } });
const items = [{ key: "k", path: "same" }];
const V = "spec.volumes[0].projected";
const AT = `${V}.sources[0]`;
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

describe("a projected volume is refused for", () => {
  const cases: [string, Loose, string[]][] = [
    [
      "two kinds in one source",
      projected({ configMap: { name: "a" }, secret: { name: "b" } }),
      [`${AT}: Forbidden: may not specify more than 1 volume type per source`],
    ],
    [
      "two sources of one file, by the name of the second",
      projected({ configMap: { name: "a", items } }, { secret: { name: "b", items } }),
      [`${V}: Invalid value: "b": conflicting duplicate paths`],
    ],
    [
      "a token without a place, for too short a time",
      projected({ serviceAccountToken: { expirationSeconds: 60 } }),
      [
        `${AT}.serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes`,
        `${V}.path: Required value`,
      ],
    ],
    [
      "a token of nobody",
      withVolume({ projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }, { serviceAccountName: "" }),
      [`${AT}.serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set`],
    ],
    [
      "files of the downward API that say too little",
      projected({ downwardAPI: { items: [{ mode: 512 }] } }),
      [
        `${AT}.downwardAPI.path: Required value`,
        `${AT}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`,
        `${AT}.downwardAPI.mode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive`,
      ],
    ],
    ["nothing, with a bundle of a signer", bundle({ name: "example.com:s:b" }), []],
    ["nothing, with all bundles of a signer", bundle({ signerName: "example.com/s", labelSelector: {} }), []],
    [
      "a bundle of no name and no signer",
      bundle({}),
      [`${AT}.clusterTrustBundle: Required value: either name or signerName must be specified`],
    ],
    [
      "a bundle of both",
      bundle({ name: "b", signerName: "example.com/s" }),
      [
        `${AT}.clusterTrustBundle: Invalid value: {"path":"p","name":"b","signerName":"example.com/s"}: only one of name and signerName may be used`,
      ],
    ],
    [
      "a named bundle that is selected too, and lies outside",
      bundle({ name: "b", labelSelector: {}, path: "../x" }),
      [
        `${AT}.clusterTrustBundle.labelSelector: Invalid value: {}: labelSelector must be unset if name is specified`,
        `${AT}.clusterTrustBundle.path: Invalid value: "../x": must not contain '..'`,
      ],
    ],
    [
      "bundles of a signer of one word",
      bundle({ signerName: "s" }),
      [
        `${AT}.clusterTrustBundle.signerName: Invalid value: "s": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
      ],
    ],
    [
      "a certificate of nobody, for no key, nowhere",
      projected({ podCertificate: {} }),
      [
        `${AT}.podCertificate.keyType: Unsupported value: "": supported values: "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519", "RSA3072", "RSA4096"`,
        `${AT}.podCertificate.signerName: Required value`,
        `${AT}.podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath`,
      ],
    ],
    [
      "a certificate from a host, for a minute",
      certificate({ signerName: "Host/s", maxExpirationSeconds: 60 }),
      [
        `${AT}.podCertificate.signerName: Invalid value: "Host": validating label "Host": ${LABEL}`,
        `${AT}.podCertificate.signerName: Invalid value: "Host": should be a domain with at least two segments separated by dots`,
        `${AT}.podCertificate.maxExpirationSeconds: Invalid value: 60: if provided, maxExpirationSeconds must be >= 3600`,
      ],
    ],
    [
      "a certificate for years, twice in one file",
      certificate({ maxExpirationSeconds: 99_999_999, certificateChainPath: "k" }),
      [
        `${AT}.podCertificate.maxExpirationSeconds: Invalid value: 99999999: if provided, maxExpirationSeconds must be <= 7862400`,
        `${V}: Invalid value: "k": conflicting duplicate paths`,
      ],
    ],
    ["nothing, with a certificate in one file", certificate({ keyPath: undefined, credentialBundlePath: "b" }), []],
  ];
  for (const [name, object, expected] of cases) it(name, () => assert.deepEqual(rules.creating(object), expected));
});
