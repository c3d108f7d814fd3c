import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { AnyContainer, PodStatusProvider } from "../types.ts";
import { HttpError } from "./types.ts";

/** What a path names: `<namespace>/<pod>[/<uid>]/<container>`. */
export interface ContainerTarget {
  readonly pod: Pod;
  readonly container: AnyContainer;
}

/** The pod that a path names; a uid, where given, must be its own. */
export function podAt(status: PodStatusProvider, segments: readonly string[]): Pod {
  const [namespace, name, uid] = segments;
  const pod = status
    .pods()
    .find(
      ({ metadata }) =>
        metadata.namespace === namespace && metadata.name === name && (uid === undefined || metadata.uid === uid),
    );
  if (pod === undefined) throw new HttpError(404, `pod does not exist`);
  return pod;
}

export function containerAt(status: PodStatusProvider, segments: readonly string[]): ContainerTarget {
  if (segments.length < 3 || segments.length > 4) throw new HttpError(404, "404 page not found");
  const name = segments.at(-1) ?? "";
  const pod = podAt(status, segments.slice(0, -1));
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  const container = [...containers, ...initContainers, ...ephemeralContainers].find((c) => c.name === name);
  if (container === undefined) throw new HttpError(404, `container ${name} not found in pod ${pod.metadata.name}`);
  return { pod, container };
}
