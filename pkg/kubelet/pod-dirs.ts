import { join } from "node:path";

/**
 * Where a pod's things lie on disk:
 *
 *   <root>/pods/<uid>/volumes/kubernetes.io~<plugin>/<volume>      what stays on disk
 *                    /volume-subpaths/<volume>/<container>/<n>     bind mounts of subPaths
 *                    /containers/<container>/<random>              termination messages
 *                    /etc-hosts
 *   <root>/tmpfs/<uid>/kubernetes.io~<plugin>/<volume>             secrets: one tmpfs for all pods, so that no pod's
 *                                                                  start waits for a mount
 *   <logs>/<namespace>_<name>_<uid>/<container>/<attempt>.log
 */
export class PodDirs {
  readonly root: string;
  readonly logRoot: string;

  constructor(options: { readonly root: string; readonly logRoot: string }) {
    this.root = options.root;
    this.logRoot = options.logRoot;
  }

  get pods(): string {
    return join(this.root, "pods");
  }

  get tmpfs(): string {
    return join(this.root, "tmpfs");
  }

  pod(uid: string): string {
    return join(this.pods, segment(uid));
  }

  podTmpfs(uid: string): string {
    return join(this.tmpfs, segment(uid));
  }

  volume(uid: string, plugin: string, name: string): string {
    return join(this.pod(uid), "volumes", `kubernetes.io~${plugin}`, segment(name));
  }

  tmpfsVolume(uid: string, plugin: string, name: string): string {
    return join(this.podTmpfs(uid), `kubernetes.io~${plugin}`, segment(name));
  }

  subPath(uid: string, volume: string, container: string, index: number): string {
    return join(this.pod(uid), "volume-subpaths", segment(volume), segment(container), String(index));
  }

  container(uid: string, name: string): string {
    return join(this.pod(uid), "containers", segment(name));
  }

  etcHosts(uid: string): string {
    return join(this.pod(uid), "etc-hosts");
  }

  logs(pod: { readonly namespace: string; readonly name: string; readonly uid: string }): string {
    return join(this.logRoot, segment(`${pod.namespace}_${pod.name}_${pod.uid}`));
  }
}

/** Uids and names come from the API; one that is a path must never reach the disk. */
function segment(name: string): string {
  if (!/^[A-Za-z0-9._-]+$/.test(name) || /^\.+$/.test(name)) throw new Error(`"${name}" cannot be a file name`);
  return name;
}
