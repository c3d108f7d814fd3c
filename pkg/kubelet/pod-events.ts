import { type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { type EventRecorder, referenceTo } from "#pkg/client/index.ts";
import type { AnyContainer } from "./types.ts";

/** Events about pods and their containers, as upstream's kubelet words them. */
export class PodEvents {
  readonly #recorder: EventRecorder;

  constructor(parts: { readonly recorder: EventRecorder }) {
    this.#recorder = parts.recorder;
  }

  normal(pod: Pod, reason: string, message: string, container?: AnyContainer): void {
    this.#recorder.event(this.#reference(pod, container), "Normal", reason, message);
  }

  warning(pod: Pod, reason: string, message: string, container?: AnyContainer): void {
    this.#recorder.event(this.#reference(pod, container), "Warning", reason, message);
  }

  #reference(pod: Pod, container: AnyContainer | undefined): ReturnType<typeof referenceTo> {
    return referenceTo(pods, pod, container === undefined ? undefined : fieldPath(pod, container));
  }
}

function fieldPath(pod: Pod, { name }: AnyContainer): string {
  const isIn = (list: readonly AnyContainer[] | undefined): boolean => (list ?? []).some((c) => c.name === name);
  if (isIn(pod.spec.initContainers)) return `spec.initContainers{${name}}`;
  if (isIn(pod.spec.ephemeralContainers)) return `spec.ephemeralContainers{${name}}`;
  return `spec.containers{${name}}`;
}
