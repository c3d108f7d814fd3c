import type { DownwardAPIVolumeFile, Pod } from "#pkg/api/types/core-v1.ts";
import { type FieldFacts, fieldText, resourceText } from "../field-path.ts";
import type { Payload } from "./payload.ts";

/** What the downward API says besides the pod itself. */
export interface DownwardSources {
  readonly facts: (pod: Pod) => FieldFacts;
  readonly allocatable: () => Readonly<Record<string, string>>;
}

/** A pod's fields and resources as files. */
export function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number,
  sources: DownwardSources,
): Payload {
  const payload: Payload = new Map();
  for (const { path, mode, fieldRef, resourceFieldRef } of items) {
    const file = (text: string) => ({ data: Buffer.from(text), mode: mode ?? defaultMode });
    if (fieldRef !== undefined) payload.set(path, file(fieldText(pod, fieldRef.fieldPath, sources.facts(pod))));
    else if (resourceFieldRef !== undefined) {
      const { containerName, resource, divisor } = resourceFieldRef;
      const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
        (c) => c.name === containerName,
      );
      if (container === undefined) throw new Error(`container ${containerName} not found`);
      payload.set(path, file(resourceText(pod, container, resource, divisor, sources.allocatable())));
    }
  }
  return payload;
}
