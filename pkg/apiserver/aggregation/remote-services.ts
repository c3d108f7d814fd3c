import type { APIService } from "#pkg/api/types/apiregistration-v1.ts";
import { compareVersions } from "../registry/index.ts";
import { keyOfGroupVersion } from "./group-version.ts";
import { RemoteService } from "./remote-service.ts";
import type { AggregationParts } from "./types.ts";

export const APISERVICES = "apiregistration.k8s.io/apiservices";
/** Without it nobody could take back what sends a group elsewhere. */
const ALWAYS_LOCAL = "apiregistration.k8s.io";

/** The APIServices by group version: which are answered elsewhere, and in which order groups and versions stand. */
export class RemoteServices {
  readonly #parts: Pick<AggregationParts, "reader" | "frontProxyTls">;
  readonly #remote = new Map<string, RemoteService>();
  readonly #stop: () => void;
  #order: readonly string[] | undefined;
  #generation = 1;
  #membership = 1;

  constructor(parts: Pick<AggregationParts, "reader" | "frontProxyTls">) {
    this.#parts = parts;
    for (const each of parts.reader.list(APISERVICES)) this.#set(each as APIService, false);
    this.#stop = parts.reader.onChange(APISERVICES, ({ object, deleted }) => this.#set(object as APIService, deleted));
  }

  get size(): number {
    return this.#remote.size;
  }

  /** Grows with everything that discovery shows. */
  get generation(): number {
    return this.#generation;
  }

  /** Grows when another server begins or ends to answer a group version. */
  get membership(): number {
    return this.#membership;
  }

  /** By "group/version". */
  find(groupVersion: string): RemoteService | undefined {
    return this.#remote.get(groupVersion);
  }

  all(): Iterable<RemoteService> {
    return this.#remote.values();
  }

  /** What `remote` serves was asked for. */
  changed(): void {
    this.#generation++;
  }

  /** "group/version" of every APIService, as discovery lists them (upstream's SortedByGroupAndVersion). */
  order(): readonly string[] {
    this.#order ??= sorted(this.#parts.reader.list(APISERVICES) as readonly APIService[]);
    return this.#order;
  }

  close(): void {
    this.#stop();
    for (const each of this.#remote.values()) each.close();
    this.#remote.clear();
  }

  #set(service: APIService, deleted: boolean): void {
    const key = keyOfGroupVersion(service.spec.group ?? "", service.spec.version ?? "");
    const before = this.#remote.get(key);
    if (!deleted && service.spec.service !== undefined && service.spec.group !== ALWAYS_LOCAL) {
      if (before !== undefined) before.update(service);
      else {
        this.#remote.set(key, new RemoteService(service, this.#parts));
        this.#membership++;
      }
    } else if (before !== undefined) {
      before.close();
      this.#remote.delete(key);
      this.#membership++;
    }
    this.#order = undefined;
    this.#generation++;
  }
}

function sorted(services: readonly APIService[]): string[] {
  const byGroup = new Map<string, APIService[]>();
  const first = services.toSorted(
    (a, b) =>
      b.spec.groupPriorityMinimum - a.spec.groupPriorityMinimum ||
      compareText(a.metadata.name as string, b.metadata.name as string),
  );
  for (const each of first) {
    const group = each.spec.group ?? "";
    const members = byGroup.get(group);
    if (members === undefined) byGroup.set(group, [each]);
    else members.push(each);
  }
  return [...byGroup.values()].flatMap((members) =>
    members
      .sort(
        (a, b) =>
          b.spec.versionPriority - a.spec.versionPriority ||
          compareVersions(a.spec.version ?? "", b.spec.version ?? ""),
      )
      .map(({ spec }) => keyOfGroupVersion(spec.group ?? "", spec.version ?? "")),
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
