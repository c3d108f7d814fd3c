import type { ContainerdVersion } from "./find-programs.ts";
import type { HostFacts } from "./host-facts.ts";

export interface ContainerdConfigInput {
  readonly version: ContainerdVersion;
  readonly host: HostFacts;
  readonly rootDir: string;
  readonly stateDir: string;
  readonly socket: string;
  readonly snapshotter: string;
  readonly pauseImage: string;
  readonly cniBinDir: string;
  readonly cniConfDir: string;
  /** Directory of hosts.toml files (mirrors, certificates) per registry. */
  readonly registryDir: string;
  readonly runc: string;
}

/** Plugins that a node of Kubernetes never uses; each costs time at containerd's start. Unknown names do no harm. */
const disabledPlugins: readonly string[] = [
  "io.containerd.internal.v1.opt",
  "io.containerd.internal.v1.restart",
  "io.containerd.internal.v1.tracing",
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
];

/** The text of config.toml as this version of containerd reads it: format 3 from 2.0 on, format 2 before. */
export function containerdConfig(input: ContainerdConfigInput): string {
  const sections =
    input.version.major >= 2 ? [...common(input, 3), ...cri2(input)] : [...common(input, 2), ...cri1(input)];
  return `${sections.map(sectionText).join("\n")}`;
}

type Value = string | number | boolean | readonly string[];
interface Section {
  readonly name?: readonly string[];
  readonly values: Readonly<Record<string, Value>>;
}

const common = (input: ContainerdConfigInput, version: number): Section[] => [
  { values: { version, root: input.rootDir, state: input.stateDir, disabled_plugins: disabledPlugins } },
  { name: ["grpc"], values: { address: input.socket } },
  { name: ["ttrpc"], values: { address: `${input.socket}.ttrpc` } },
];

/** Addresses of exec, attach and port-forward streams: the kubelet's server is the only caller. */
const streaming = { stream_server_address: "127.0.0.1", stream_server_port: "0", disable_tcp_service: true };

const sandboxRules = (input: ContainerdConfigInput): Record<string, Value> => ({
  enable_unprivileged_ports: input.host.unprivilegedNet,
  enable_unprivileged_icmp: input.host.unprivilegedNet,
  restrict_oom_score_adj: !input.host.canLowerOomScore,
  // Own directory, so that an uninstall finds every namespace that this containerd mounted.
  netns_mounts_under_state_dir: true,
});

function cri1(input: ContainerdConfigInput): Section[] {
  const cri = ["plugins", "io.containerd.grpc.v1.cri"];
  return [
    { name: cri, values: { sandbox_image: input.pauseImage, ...streaming, ...sandboxRules(input) } },
    { name: [...cri, "cni"], values: { bin_dir: input.cniBinDir, conf_dir: input.cniConfDir } },
    { name: [...cri, "containerd"], values: { snapshotter: input.snapshotter, default_runtime_name: "runc" } },
    ...runcSections([...cri, "containerd", "runtimes"], input),
    { name: [...cri, "registry"], values: { config_path: input.registryDir } },
  ];
}

function cri2(input: ContainerdConfigInput): Section[] {
  const images = ["plugins", "io.containerd.cri.v1.images"];
  const runtime = ["plugins", "io.containerd.cri.v1.runtime"];
  const cni: Record<string, Value> =
    input.version.major > 2 || input.version.minor >= 1
      ? { bin_dirs: [input.cniBinDir] }
      : { bin_dir: input.cniBinDir };
  return [
    { name: ["plugins", "io.containerd.grpc.v1.cri"], values: streaming },
    { name: images, values: { snapshotter: input.snapshotter } },
    { name: [...images, "pinned_images"], values: { sandbox: input.pauseImage } },
    { name: [...images, "registry"], values: { config_path: input.registryDir } },
    { name: runtime, values: sandboxRules(input) },
    { name: [...runtime, "cni"], values: { ...cni, conf_dir: input.cniConfDir } },
    { name: [...runtime, "containerd"], values: { default_runtime_name: "runc" } },
    ...runcSections([...runtime, "containerd", "runtimes"], input),
  ];
}

const runcSections = (runtimes: readonly string[], input: ContainerdConfigInput): Section[] => [
  { name: [...runtimes, "runc"], values: { runtime_type: "io.containerd.runc.v2" } },
  { name: [...runtimes, "runc", "options"], values: { BinaryName: input.runc, SystemdCgroup: false } },
];

function sectionText(section: Section): string {
  const header = section.name === undefined ? "" : `[${section.name.map(keyText).join(".")}]\n`;
  const lines = Object.entries(section.values).map(([key, value]) => `${key} = ${valueText(value)}\n`);
  return header + lines.join("");
}

const keyText = (key: string): string => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key));
/** JSON's strings, numbers, booleans and arrays of strings are TOML's too. */
const valueText = (value: Value): string => JSON.stringify(value);
