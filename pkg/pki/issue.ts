import { randomBytes, webcrypto, X509Certificate } from "node:crypto";
import type { CertificateRequest, KeyPair } from "./types.ts";

const DAY_MS = 86_400_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const OID = { serverAuth: "1.3.6.1.5.5.7.3.1", clientAuth: "1.3.6.1.5.5.7.3.2" } as const;

/** The X.509 library is slow to load and only needed when something is issued. */
async function library(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/(.{64})/g, "$1\n").trimEnd()}\n-----END PRIVATE KEY-----\n`;
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return await webcrypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
}

const newKeys = async (): Promise<webcrypto.CryptoKeyPair> =>
  await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

/** Positive and 127 bits long, so that its DER form has no sign byte (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

/**
 * A self-signed certificate authority, valid for ten years. `pathLength` 0: no other authority may stand between it and
 * what it signs; unbounded unless told.
 */
export async function createAuthority(
  commonName: string,
  options: { readonly pathLength?: number } = {},
): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${commonName}`,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 3650 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, options.pathLength, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: await privateKeyPem(keys.privateKey) };
}

/** A certificate for `request`, signed by `authority`. */
export async function issueCertificate(authority: KeyPair, request: CertificateRequest): Promise<KeyPair> {
  const x509 = await library();
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(authority.cert);
  const now = Date.now();
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const usages = [
    ...(request.usage === "client" ? [] : [OID.serverAuth]),
    ...(request.usage === "server" ? [] : [OID.clientAuth]),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: new x509.Name([
      ...(request.organizations ?? []).map((O) => ({ O: [O] })),
      { CN: [request.commonName] },
    ]).toString(),
    issuer: issuer.subject,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(Math.min(now + (request.validDays ?? 365) * DAY_MS, issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importPrivateKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(usages),
      await x509.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  return { cert: `${certificate.toString("pem")}\n`, key: await privateKeyPem(keys.privateKey) };
}

/** True while `pair` still answers `request`: signed by the authority, same subject, every name in it, a third of its life left. */
export function isCurrent(pair: KeyPair, authority: KeyPair, request: CertificateRequest): boolean {
  try {
    const certificate = new X509Certificate(pair.cert);
    const issuer = new X509Certificate(authority.cert);
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false;
    const subject = certificate.subject.split("\n");
    const wanted = [`CN=${request.commonName}`, ...(request.organizations ?? []).map((o) => `O=${o}`)];
    if (subject.length !== wanted.length || wanted.some((part) => !subject.includes(part))) return false;
    if ((request.dnsNames ?? []).some((name) => certificate.checkHost(name, { wildcards: false }) === undefined))
      return false;
    if ((request.ipAddresses ?? []).some((ip) => certificate.checkIP(ip) === undefined)) return false;
    const from = certificate.validFromDate.getTime();
    const to = certificate.validToDate.getTime();
    return Date.now() >= from && Date.now() < to - (to - from) / 3;
  } catch {
    return false;
  }
}
