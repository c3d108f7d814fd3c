import { getCACertificates } from "node:tls";

/** Whom a server is believed by: the authorities of an object's `caBundle` (base64), or of this machine. @throws Error */
export function trustedRoots(caBundle: string): string | string[] {
  return caBundle === "" ? systemRoots() : pemOf(caBundle);
}

function pemOf(caBundle: string): string {
  const pem = Buffer.from(caBundle, "base64").toString("latin1");
  if (!pem.includes("-----BEGIN CERTIFICATE-----"))
    throw new Error("unable to load root certificates: unable to parse bytes as PEM block");
  return pem;
}

/** Node's own roots and those of the machine: the administrator may have added an authority there. */
const systemRoots = (): string[] => [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
