/**
 * The one schema form of built-in resources and CustomResourceDefinitions: OpenAPI v3 as CRDs write it, plus the
 * strategic-merge extensions and `$ref` (a definition name, never a URL) that only built-in tables use.
 */
export interface Schema {
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  /** int32, int64, double, byte, date-time, int-or-string, quantity … */
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  /** "merge", "retainKeys", "merge,retainKeys", "replace". */
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-embedded-resource"?: boolean;
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
  readonly "x-kubernetes-unions"?: readonly unknown[];
  readonly [validation: string]: unknown;
}

/** Definitions by name ("io.k8s.api.core.v1.Pod"); `$ref` points into this. */
export type Definitions = Readonly<Record<string, Schema>>;
