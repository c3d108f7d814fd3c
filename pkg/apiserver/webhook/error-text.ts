const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
};
const UNKNOWN_AUTHORITY = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

/** Why there was no answer, in the words of Go's net/http, which administrators search for. */
export function callErrorText(err: unknown, url: URL): string {
  const failure = (err ?? {}) as { code?: string; message?: string; address?: string; port?: number };
  const { code = "", message = String(err), address = url.hostname, port = url.port } = failure;
  const dial = `dial tcp ${address.includes(":") && !address.startsWith("[") ? `[${address}]` : address}:${port}`;
  const words = BY_CODE[code];
  if (words !== undefined) return `${dial}: ${words}`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `dial tcp: lookup ${url.hostname}: no such host`;
  if (code === "ECONNRESET" || code === "EPIPE") return "EOF";
  const x509 = (why: string): string => `tls: failed to verify certificate: x509: ${why}`;
  if (UNKNOWN_AUTHORITY.has(code)) return x509("certificate signed by unknown authority");
  if (code === "CERT_HAS_EXPIRED") return x509("certificate has expired or is not yet valid");
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return x509(`certificate is not valid for ${url.hostname}: ${message}`);
  return message;
}
