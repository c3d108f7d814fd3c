import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { CertificateRequest, KeyPair } from "./types.ts";
import { createAuthority, isCurrent, issueCertificate } from "./issue.ts";

/** Writes a file that only its owner reads, whole or not at all. */
export async function writePrivateFile(path: string, content: string, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content, { mode });
  await rename(temporary, path);
}

async function read(base: string): Promise<KeyPair | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(`${base}.crt`, "utf8"), readFile(`${base}.key`, "utf8")]);
    return { cert, key };
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw err;
  }
}

async function write(base: string, pair: KeyPair): Promise<KeyPair> {
  await writePrivateFile(`${base}.key`, pair.key);
  await writePrivateFile(`${base}.crt`, pair.cert);
  return pair;
}

/** The authority kept in `<base>.crt` and `<base>.key`, made at the first call. */
export async function ensureAuthority(
  base: string,
  commonName: string,
  options: Parameters<typeof createAuthority>[1] = {},
): Promise<KeyPair> {
  return (await read(base)) ?? (await write(base, await createAuthority(commonName, options)));
}

/** The certificate kept in `<base>.crt` and `<base>.key`; issued anew when it no longer answers `request`. */
export async function ensureCertificate(
  base: string,
  authority: KeyPair,
  request: CertificateRequest,
): Promise<KeyPair> {
  const kept = await read(base);
  if (kept !== undefined && isCurrent(kept, authority, request)) return kept;
  return await write(base, await issueCertificate(authority, request));
}
