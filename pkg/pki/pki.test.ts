import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  ensureAuthority,
  ensureCertificate,
  ensureServiceAccountKey,
  isCurrent,
  type CertificateRequest,
} from "./index.ts";

describe("pki", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "minik-pki-"));
  });
  after(async () => {
    await rm(dir, { recursive: true, force: true });
  });
  const request: CertificateRequest = {
    commonName: "system:node:a",
    organizations: ["system:nodes"],
    dnsNames: ["a", "localhost"],
    ipAddresses: ["127.0.0.1", "::1"],
    usage: "both",
  };

  it("ensureCertificate keeps a certificate while it answers the request, and replaces it when an address is added", async () => {
    const authority = await ensureAuthority(join(dir, "ca"), "test-ca");
    const first = await ensureCertificate(join(dir, "node"), authority, request);
    assert.equal((await ensureCertificate(join(dir, "node"), authority, request)).cert, first.cert);
    const moved = { ...request, ipAddresses: ["127.0.0.1", "192.0.2.7"] };
    const second = await ensureCertificate(join(dir, "node"), authority, moved);
    assert.notEqual(second.cert, first.cert);
    const certificate = new X509Certificate(second.cert);
    assert.equal(certificate.checkIP("192.0.2.7"), "192.0.2.7");
    assert.deepEqual(certificate.subject.split("\n"), ["O=system:nodes", "CN=system:node:a"]);
    assert.equal((await stat(join(dir, "node.key"))).mode & 0o777, 0o600);
  });

  it("isCurrent refuses a certificate of another authority and one near its end", async () => {
    const authority = await ensureAuthority(join(dir, "ca"), "test-ca");
    const other = await ensureAuthority(join(dir, "other"), "test-ca");
    const pair = await ensureCertificate(join(dir, "node2"), authority, request);
    assert.equal(isCurrent(pair, authority, request), true);
    assert.equal(isCurrent(pair, other, request), false);
    const short = await ensureCertificate(join(dir, "short"), authority, { ...request, validDays: 1 / 86_400 });
    assert.equal(isCurrent(short, authority, { ...request, validDays: 1 / 86_400 }), false);
  });

  it("ensureServiceAccountKey keeps its key", async () => {
    const first = await ensureServiceAccountKey(join(dir, "sa.key"));
    const again = await ensureServiceAccountKey(join(dir, "sa.key"));
    assert.equal(first.keyId, again.keyId);
    assert.match(await readFile(join(dir, "sa.key"), "utf8"), /BEGIN PRIVATE KEY/);
  });
});
