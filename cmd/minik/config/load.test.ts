import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ConfigError, loadConfig } from "./load.ts";
import { type ServerConfig, serverOptions } from "./options.ts";

describe("loadConfig", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "minik-config-"));
  });
  after(async () => {
    await rm(dir, { recursive: true, force: true });
  });
  const load = async (
    flags: Record<string, unknown>,
    env: NodeJS.ProcessEnv = {},
    file = join(dir, "none.yaml"),
  ): Promise<ServerConfig> => await loadConfig({ options: serverOptions, flags, env, file, fileRequired: false });

  it("takes flags over environment over drop-ins over the file over defaults", async () => {
    const file = join(dir, "config.yaml");
    await mkdir(`${file}.d`);
    await writeFile(
      file,
      "https-listen-port: 1001\ncluster-domain: from.file\nnode-label: [a=b]\nbind-address: 127.0.0.1\n",
    );
    await writeFile(join(`${file}.d`, "10.yaml"), "https-listen-port: 1002\ncluster-domain: from.drop\n");
    const config = await load(
      { "https-listen-port": "1004" },
      { MINIK_HTTPS_LISTEN_PORT: "1003", MINIK_NODE_NAME: "env" },
      file,
    );
    assert.equal(config.httpsListenPort, 1004);
    assert.equal(config.clusterDomain, "from.drop");
    assert.equal(config.nodeName, "env");
    assert.equal(config.bindAddress, "127.0.0.1");
    assert.deepEqual(config.nodeLabel, ["a=b"]);
    assert.equal(config.dataDir, "/var/lib/minik");
  });

  it("refuses an impossible value with one line that names the flag", async () => {
    await assert.rejects(
      load({ "https-listen-port": "0" }),
      (err: unknown) =>
        err instanceof ConfigError && err.message === '--https-listen-port: "0" must be a port between 1 and 65535',
    );
    await assert.rejects(
      load({}, { MINIK_CLUSTER_CIDR: "10.0.0.0" }),
      /MINIK_CLUSTER_CIDR: "10.0.0.0" must be an IPv4 CIDR/,
    );
  });

  it("refuses an unknown key of the file", async () => {
    const file = join(dir, "bad.yaml");
    await writeFile(file, "https-port: 1\n");
    await assert.rejects(load({}, {}, file), /unknown key "https-port"/);
  });
});
