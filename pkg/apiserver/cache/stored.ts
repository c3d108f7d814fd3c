import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Codec } from "#pkg/store/types.ts";

const METADATA = '"metadata":{';
const API_VERSION = '"apiVersion":"';
const REVISION = '"resourceVersion":"';

/**
 * What the store keeps: `{"kind":…,"apiVersion":…,"metadata":{…` without resourceVersion, which the revision of the
 * write itself supplies when the object is served. Parsed only when somebody looks inside.
 */
export class Stored {
  readonly text: string;
  #object: KubeObject | undefined;

  constructor(text: string, object?: KubeObject) {
    this.text = text;
    this.#object = object;
  }

  /** `object` begins with kind, apiVersion and metadata, carries no resourceVersion, and is not changed any more. */
  static of(object: KubeObject): Stored {
    return new Stored(JSON.stringify(object), object);
  }

  /** The object that was encoded, when this process did it. */
  get known(): KubeObject | undefined {
    return this.#object;
  }
}

export const storedCodec: Codec<Stored> = {
  encode: (value) => value.text,
  decode: (text) => new Stored(text),
};

/** The served text of a stored text: resourceVersion becomes the first field of metadata. */
export function withRevision(text: string, revision: number): string {
  const at = text.indexOf(METADATA) + METADATA.length;
  return `${text.slice(0, at)}${REVISION}${revision}",${text.slice(at)}`;
}

/** The served text of a served text, at another revision. */
export function changeRevision(text: string, revision: number): string {
  const at = text.indexOf(METADATA) + METADATA.length + REVISION.length;
  return text.slice(0, at) + revision + text.slice(text.indexOf('"', at));
}

/** The apiVersion of a stored or served text, which has it right after its kind. */
export function apiVersionIn(text: string): string {
  const at = text.indexOf(API_VERSION) + API_VERSION.length;
  return text.slice(at, text.indexOf('"', at));
}
