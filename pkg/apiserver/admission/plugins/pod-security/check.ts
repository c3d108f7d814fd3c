import type { Container, PodSpec } from "#pkg/api/types/core-v1.ts";
import type { ObjectMeta } from "#pkg/api/types/meta-v1.ts";

/** A pod, or what a controller would make one from. */
export interface PodLike {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec: PodSpec;
}

/** What a check holds against a pod: "hostPort" and 'container "c" uses hostPort 80'. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** A rule of the Pod Security Standards, from one minor version of the standard on. */
export interface Check {
  readonly id: string;
  /** "v1.N": policies pinned to an older version do not know the rule. */
  readonly since: number;
  /** The version that replaced it by another rule of the same id. */
  readonly until?: number;
  /** Of the lower level, what this one makes needless. */
  readonly overrides?: string;
  readonly find: (pod: PodLike) => Violation | undefined;
}

export const quoted = (items: readonly string[]): string => items.map((each) => `"${each}"`).join(", ");
export const plural = (word: string, items: readonly unknown[]): string => (items.length === 1 ? word : `${word}s`);
export const sorted = (items: Iterable<string>): string[] => [...new Set(items)].sort();

/** 'containers "a", "b"' */
export const containersNamed = (names: readonly string[]): string => `${plural("container", names)} ${quoted(names)}`;

/** In upstream's order. Ephemeral containers have all that is looked at here. */
export function containersOf({ spec }: PodLike): Container[] {
  return [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...((spec.ephemeralContainers ?? []) as unknown as Container[]),
  ];
}

export function namesWhere(pod: PodLike, isBad: (container: Container) => boolean): string[] {
  return containersOf(pod)
    .filter(isBad)
    .map(({ name }) => name);
}

export const isWindows = ({ spec }: PodLike): boolean => spec.os?.name === "windows";
/** Root in a user namespace is nobody outside (KEP-127). */
export const inUserNamespace = ({ spec }: PodLike): boolean => spec.hostUsers === false;

/** Who sets a value: "pod", 'containers "a", "b"', or both with "and"; undefined when nobody does. */
export function settersOf(podSets: boolean, containers: readonly string[]): string | undefined {
  const setters = [...(podSets ? ["pod"] : []), ...(containers.length > 0 ? [containersNamed(containers)] : [])];
  return setters.length === 0 ? undefined : setters.join(" and ");
}
