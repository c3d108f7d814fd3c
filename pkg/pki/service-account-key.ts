import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { writePrivateFile } from "./key-pair-files.ts";

/** The key pair that signs and verifies service-account tokens (ES256). */
export interface ServiceAccountKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Goes into the token header, as upstream: the base64url SHA-256 of the public key's DER. */
  readonly keyId: string;
}

/** The key kept in `path` (PKCS#8 PEM), made at the first call. */
export async function ensureServiceAccountKey(path: string): Promise<ServiceAccountKey> {
  let pem: string;
  try {
    pem = await readFile(path, "utf8");
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== "ENOENT") throw err;
    pem = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    }).privateKey;
    await writePrivateFile(path, pem);
  }
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const keyId = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  return { privateKey, publicKey, keyId };
}
