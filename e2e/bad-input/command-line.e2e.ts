// What minik cannot work with: each is refused with one line that says what to change, exit code 1, and nothing made.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import Database from "better-sqlite3";
import { until } from "#pkg/async/index.ts";
import { BINARY, ControlPlane, controlPlaneFlags, freePort, type Lab, openLab } from "../lab/index.ts";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const TIMEOUT_MS = 20_000;

/** Runs a program to its end; `stop` after that long with SIGTERM. */
async function end(argv: readonly string[], stop?: { readonly afterMs: number }): Promise<Ended> {
  const [program = "", ...args] = argv;
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
    );
    if (stop !== undefined) setTimeout(() => child.kill("SIGTERM"), stop.afterMs);
  });
}

describe("bad command lines", () => {
  let dir: string;
  let flags: string[];
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "minik-bad-input-"));
    flags = controlPlaneFlags(join(dir, "data"), await freePort());
  });
  after(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  const oneLine = ({ code, out, err }: Ended, message: RegExp): void => {
    assert.match(err, message);
    assert.match(err, /^minik: [^\n]+\n$/, "one line");
    assert.doesNotMatch(err, /\bat .*:\d+:\d+/, "no stack");
    assert.equal(out, "");
    assert.equal(code, 1);
  };
  /** `minik server` with flags that it must refuse, leaving nothing in the directory that was not there. */
  const refuses = async (more: readonly string[], message: RegExp, before: readonly string[] = []): Promise<void> => {
    const there = await readdir(dir, { recursive: true });
    oneLine(await end([...before, BINARY, "server", ...flags, ...more]), message);
    assert.deepEqual(await readdir(dir, { recursive: true }), there);
  };

  for (const [more, message] of [
    [["--nope"], /unknown option '--nope'/],
    [["extra"], /too many arguments for 'server'/],
    [["--https-listen-port"], /'--https-listen-port <PORT>' argument missing/],
    [["--https-listen-port", "0"], /--https-listen-port: "0" must be a port between 1 and 65535/],
    [["--https-listen-port", "x"], /--https-listen-port: "x" must be a port/],
    [["--data-dir", "here"], /--data-dir: "here" must be an absolute path/],
    [["--cluster-cidr", "10.42.0.0/33"], /--cluster-cidr: "10.42.0.0\/33" must be an IPv4 CIDR/],
    [["--cluster-cidr", "10.42.0.0/15"], /--cluster-cidr 10.42.0.0\/15 and --service-cidr 10.43.0.0\/16 overlap/],
    [["--cluster-dns", "10.44.0.10"], /--cluster-dns 10.44.0.10 is outside --service-cidr 10.43.0.0\/16/],
    [["--cluster-domain", "a..b"], /--cluster-domain: "a..b" must be a domain/],
    [["--service-node-port-range", "9-1"], /--service-node-port-range: "9-1" must be a range of ports/],
    [["--node-label", "a b=c"], /--node-label: \["a b=c"\] must be KEY=VALUE/],
    [["--node-taint", "a=b:Never"], /--node-taint: \["a=b:Never"\] must be KEY=VALUE:EFFECT/],
    [["--node-name", "Bad_Name"], /--node-name: "Bad_Name" must be a lowercase host name/],
    [["--tls-san", "https://a"], /--tls-san: \["https:\/\/a"\] must be DNS names or addresses/],
    [["--bind-address", "192.0.2.77"], /192.0.2.77 is no address of this machine: choose another --bind-address/],
    [["--log-level", "loud"], /--log-level: "loud" must be debug, info, warn or error/],
    [["--config", "/nonexistent/config.yaml"], /cannot read the configuration file \/nonexistent\/config.yaml/],
  ] as const) {
    it(`server ${more.join(" ")}`, async () => await refuses(more, message));
  }

  it("a configuration file with unknown keys, impossible values, or no YAML", async () => {
    const file = join(dir, "config.yaml");
    for (const [text, message] of [
      ["https-port: 1\n", /unknown key "https-port" in .*config.yaml/],
      ["cluster-domain: {a: 1}\n", /cluster-domain in .*config.yaml: \{"a":1\} must be text/],
      ["tls-san: [\n", /config.yaml is not YAML: /],
      ["- a\n", /config.yaml must be a map of flag names to values/],
    ] as const) {
      await writeFile(file, text);
      await refuses(["--config", file], message);
    }
  });

  it("commands for a cluster that is not there", async () => {
    const none = join(dir, "none");
    for (const command of ["status", "kubeconfig"])
      oneLine(await end([BINARY, command, "--data-dir", none]), /there is no cluster in .*none: start one with/);
    oneLine(await end([BINARY, "nope"]), /unknown command 'nope'/);
    oneLine(await end([BINARY, "completion", "tcsh"]), /no completion for "tcsh": use bash, zsh or fish/);
  });

  it("a port that is in use", async () => {
    const other = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    try {
      await refuses(["--https-listen-port", String(port)], /port \d+ of 127.0.0.1 is in use: stop what listens there/);
    } finally {
      other.close();
    }
  });

  it("a data directory or kubeconfig that cannot be written", async () => {
    const file = join(dir, "file");
    const frozen = join(dir, "frozen");
    await writeFile(file, "");
    await mkdir(frozen);
    await refuses(["--data-dir", file], /cannot write to .*file: .*file is no directory; choose another --data-dir/);
    await refuses(["--data-dir", join(file, "data")], /cannot write to .*file is no directory/);
    await refuses(["--write-kubeconfig", join(file, "k.yaml")], /choose another --write-kubeconfig/);
    const mount = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"', "sh", frozen];
    await refuses(["--data-dir", join(frozen, "data")], /frozen is on a read-only file system/, mount);
  });

  it("a second server, a newer format, and what is no store", async () => {
    const running = await ControlPlane.start();
    const second = [BINARY, "server", ...controlPlaneFlags(running.dataDir, await freePort())];
    try {
      oneLine(await end(second), new RegExp(`is in use by minik \\(pid ${running.pid}\\): stop it`));
      // The file says who has the directory; the lock holds it without.
      await unlink(join(running.dataDir, "minik.pid"));
      oneLine(await end(second), /minik: .*state.db.*(lock|in use|another)/i);
      assert.ok(running.isRunning);
      oneLine(await end([BINARY, "status", "--data-dir", running.dataDir, "-o", "xml"]), /--output "xml"/);
    } finally {
      assert.equal(await running.stop(), 0);
    }
    const newer = [BINARY, "server", ...flags, "--data-dir", join(dir, "newer")];
    assert.equal((await end(newer, { afterMs: 1_500 })).code, 0);
    oneLine(await end([BINARY, "status", "--data-dir", join(dir, "newer")]), /no answer from https:/);
    const database = join(dir, "newer/server/db/state.db");
    const db = new Database(database);
    db.pragma("user_version = 99");
    db.close();
    oneLine(await end(newer), /its format 99 is newer than \d+; use the newer minik/);
    await writeFile(database, "this is no database, whatever its name says".repeat(100));
    oneLine(await end(newer), /the file is damaged/);
  });

  it("SIGTERM at any moment of the start ends it, and the next start works", async () => {
    for (const afterMs of [30, 80, 130, 180, 250, 350, 500, 800]) {
      const { code, err } = await end([BINARY, "server", ...flags], { afterMs });
      // Before the program has set its handler, the signal ends it as any process.
      assert.ok(code === 0 || (code === null && err === ""), `after ${afterMs} ms: ${code} ${err}`);
      assert.doesNotMatch(err, /"level":"(error|fatal)"|^\s+at /m);
    }
  });
});

describe("a machine that cannot be a node", () => {
  let lab: Lab;
  before(async () => {
    lab = await openLab();
  });
  after(async () => await lab.close());

  it("lacks containerd, runc, a CNI plugin or iptables", async () => {
    const host = await lab.addHost({ name: "bare" });
    const images = await readdir(host.dataDir, { recursive: true });
    const hide = async (paths: readonly string[]): Promise<Ended> =>
      await end([
        "nsenter",
        `--net=/run/netns/${host.namespace}`,
        "unshare",
        "-m",
        "sh",
        "-c",
        'while [ "$1" != -- ]; do mount --bind /dev/null "$(readlink -f "$1")"; shift; done; shift; exec "$@"',
        "sh",
        ...paths,
        "--",
        BINARY,
        "server",
        ...host.serverFlags,
      ]);
    for (const [path, message] of [
      ["/usr/bin/containerd", /^minik: Cannot find containerd: install the package containerd \([^\n]+\n$/],
      ["/usr/sbin/runc", /^minik: Cannot find runc: install the package runc [^\n]+\n$/],
      [
        "/usr/lib/cni/portmap",
        /^minik: Cannot find the CNI plugins .* install the package containernetworking-plugins [^\n]+\n$/,
      ],
    ] as const) {
      const { code, err } = await hide([path]);
      assert.match(err, message);
      assert.equal(code, 1);
      assert.deepEqual(await readdir(host.dataDir, { recursive: true }), images, "nothing was made");
    }
  });

  it("fails in the middle: one line in the log, exit code 1, and the directory is free again", async () => {
    const host = await lab.addHost({ name: "broken" });
    // The kubelet's directory cannot be made, which its thread finds out.
    await writeFile(join(host.dataDir, "agent/kubelet"), "");
    host.startServer();
    await until(async () => (await host.logTail()).includes("minik ended by an error"), {
      timeoutMs: TIMEOUT_MS,
      what: "the failure",
    });
    assert.equal(await host.ended(), 1);
    const lines = (await host.logTail(1_000)).split("\n");
    for (const line of lines) JSON.parse(line);
    const failures = lines.filter((line) => line.includes('"level":"error"'));
    assert.equal(failures.length, 1, failures.join("\n"));
    assert.match(failures[0] ?? "", /EEXIST|ENOTDIR/);
    await unlink(join(host.dataDir, "agent/kubelet"));
    host.startServer();
    await host.ready();

    assert.equal(await host.stopServer(), 0);
    // Now the node counts as Ready at once, and the signal comes while containerd starts.
    host.startServer();
    await host.ready();
    const stoppedAt = Date.now();
    assert.equal(await host.stopServer(), 0);
    assert.ok(Date.now() - stoppedAt < 5_000, `${Date.now() - stoppedAt} ms to stop`);
  });
});
