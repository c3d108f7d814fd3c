import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ContainerdConfigInput, containerdConfig } from "./containerd-config.ts";
import { parseContainerdVersion } from "./find-programs.ts";
import { importedNames } from "./image-import.ts";

const input = (version: string): ContainerdConfigInput => ({
  version: parseContainerdVersion(`containerd github.com/containerd/containerd ${version} abc`),
  host: { canLowerOomScore: false, unprivilegedNet: true, overlayfs: true },
  rootDir: "/d/root",
  stateDir: "/d/state",
  socket: "/d/c.sock",
  snapshotter: "overlayfs",
  pauseImage: "minik.internal/pause:1",
  cniBinDir: "/usr/lib/cni",
  cniConfDir: "/d/net.d",
  registryDir: "/d/certs.d",
  runc: "/usr/sbin/runc",
});

describe("containerdConfig", () => {
  it("writes format 2 with one CRI plugin for containerd 1.6", () => {
    const text = containerdConfig(input("1.6.20~ds1"));
    assert.match(text, /^version = 2\nroot = "\/d\/root"\nstate = "\/d\/state"\n/);
    assert.ok(
      text.includes(`[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "minik.internal/pause:1"
stream_server_address = "127.0.0.1"
stream_server_port = "0"
disable_tcp_service = true
enable_unprivileged_ports = true
enable_unprivileged_icmp = true
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
`),
    );
    assert.ok(
      text.includes(`[plugins."io.containerd.grpc.v1.cri".cni]\nbin_dir = "/usr/lib/cni"\nconf_dir = "/d/net.d"\n`),
    );
  });

  it("writes format 3 with the plugins apart for containerd 2", () => {
    const text = containerdConfig(input("v2.1.4"));
    assert.match(text, /^version = 3\n/);
    assert.ok(
      text.includes(`[plugins."io.containerd.cri.v1.images".pinned_images]\nsandbox = "minik.internal/pause:1"`),
    );
    assert.ok(text.includes(`[plugins."io.containerd.cri.v1.runtime".cni]\nbin_dirs = ["/usr/lib/cni"]\n`));
    assert.ok(!text.includes("sandbox_image"));
  });

  it("names the one plugin directory as containerd 2.0 knows it", () => {
    assert.ok(containerdConfig(input("v2.0.5")).includes(`bin_dir = "/usr/lib/cni"`));
  });
});

describe("importedNames", () => {
  it("reads what ctr prints before and after 2.0", () => {
    assert.deepEqual(importedNames("unpacking docker.io/library/a:1 (sha256:12)...done\n"), ["docker.io/library/a:1"]);
    assert.deepEqual(importedNames("docker.io/library/a:1   saved\t\nelapsed: 0.1 s\n"), ["docker.io/library/a:1"]);
  });
});
