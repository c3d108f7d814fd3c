/**
 * A resource is a definition: data, and a small strategy where the kind has rules of its own. Built-in resources and
 * CustomResourceDefinitions run through the same machine, which reads nothing else about a kind than this.
 *
 *   request ─▶ decode (schema) ─▶ defaults ─▶ admission ─▶ prepareFor… ─▶ validate… ─▶ store ─▶ columns
 */
import type { FieldError } from "#pkg/errors/index.ts";
import type { KubeObject, Mutable } from "./resource-ref.ts";
import type { Decode } from "./schema/decoder.ts";
import type { Definitions, Schema } from "./schema/schema.ts";

export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Resolved against `definitions` where it holds `$ref`. */
  readonly schema: Schema;
  readonly definitions: Definitions;
  /** Instead of the decoder compiled from `schema`: custom resources prune where built-in kinds refuse. */
  readonly decode?: Decode;
  /** The schema's name in OpenAPI documents, "io.k8s.api.core.v1.Pod". */
  readonly definitionName: string;
  readonly subresources: Readonly<Record<string, SubresourceDefinition>>;
  /** Discovery's storageVersionHash, where the published table has one. */
  readonly storageVersionHash?: string;
  /**
   * Several definitions may share one storage (autoscaling v1 and v2, core and events.k8s.io Events, versions of a CRD):
   * the one named here is stored, the others convert.
   */
  readonly storage: StorageDefinition;
  readonly strategy: Strategy;
  /** Its CRD is being deleted: nothing new is created, and discovery names no verb that writes. */
  readonly terminating?: boolean;
  /** Text of a Warning header on every answer: the version is deprecated. */
  readonly deprecationWarning?: string;
}

export interface StorageDefinition {
  /** Keys are `/registry/<prefix>/[<namespace>/]<name>`, with "group/plural" or "plural" for core. */
  readonly prefix: string;
  /** apiVersion of the stored form. */
  readonly apiVersion: string;
  /**
   * Absent where this definition is the stored form. Both return a new object or the same one. What was stored while a
   * CRD had another storage version comes to `fromStorage` in that version.
   */
  readonly toStorage?: (object: KubeObject) => KubeObject;
  readonly fromStorage?: (object: KubeObject) => KubeObject;
  /**
   * Only where somebody outside converts (versions of a CRD with a conversion webhook): a batch of objects of other
   * versions, in the order given, as `toApiVersion`. Reads convert before `fromStorage`, writes before `toStorage`. Where it
   * is absent nothing waits.
   */
  readonly convert?: (objects: readonly KubeObject[], toApiVersion: string) => Promise<readonly KubeObject[]>;
}

export interface SubresourceDefinition {
  /** Kind of the request body or response, e.g. "Scale", "Binding", "Eviction", "PodExecOptions". */
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

type Obj = Mutable<KubeObject> & Record<string, any>; // oxlint-disable-line no-explicit-any -- kinds narrow it themselves

/**
 * The kind's own rules. Hooks that take `object` and return nothing change it in place; it is a private copy.
 * Every hook is synchronous and pure (no I/O): what needs other objects is an admission plugin in pkg/apiserver.
 */
export interface Strategy {
  /**
   * Loads what the other hooks need and few kinds use (regular expressions, CEL); awaited before a write's first hook.
   * Undefined once all is there.
   */
  readonly ready?: () => Promise<void> | undefined;
  /** Upstream's SetDefaults_…; runs after decode, on create, update, patch, and before a status update is validated. */
  readonly defaults?: (object: Obj) => void;
  /** Before validation of a create: clear status and what clients may not set. */
  readonly prepareForCreate?: (object: Obj) => void;
  /**
   * Before validation of an update of the main resource: keep status, carry over immutable system fields.
   * The machine itself bumps metadata.generation for kinds with `generation: true` when anything besides metadata and
   * status changed.
   */
  readonly prepareForUpdate?: (object: Obj, old: KubeObject) => void;
  /** Before validation of an update of /status: the machine already took everything but status and metadata from `old`. */
  readonly prepareForStatusUpdate?: (object: Obj, old: KubeObject) => void;
  /** All findings on an object about to be created. Metadata is checked by the machine. */
  readonly validate?: (object: Obj) => FieldError[];
  /** All findings on an update: immutable fields and everything `validate` says that still applies. */
  readonly validateUpdate?: (object: Obj, old: KubeObject) => FieldError[];
  readonly validateStatusUpdate?: (object: Obj, old: KubeObject) => FieldError[];
  /** Texts of Warning headers for a create or update. */
  readonly warnings?: (object: Obj, old: KubeObject | undefined) => string[];
  /** What the name must be; "dns-subdomain" where absent. */
  readonly nameRule?: NameRule;
  /** True where spec changes bump metadata.generation (1 at creation). */
  readonly generation?: boolean;
  /** PUT to a name that does not exist creates it (upstream's AllowCreateOnUpdate: leases, endpoints, …). */
  readonly allowCreateOnUpdate?: boolean;
  /** False where a PUT without resourceVersion is refused. True where absent. */
  readonly allowUnconditionalUpdate?: boolean;
  /** Field selectors beyond metadata.name and metadata.namespace: selector path to the object's value. */
  readonly selectableFields?: Readonly<Record<string, (object: KubeObject) => string>>;
  /**
   * Grace period of a delete in seconds, for kinds that end gracefully (pods): `requested` is what the caller asked for.
   * The object stays with deletionTimestamp until a second delete with grace 0. Absent: removed at once.
   */
  readonly gracePeriodSeconds?: (object: KubeObject, requested: number | undefined) => number;
  /** Finalizers that a new object gets unasked, in order; e.g. namespaces carry spec.finalizers instead. */
  readonly defaultPropagation?: "Background" | "Orphan";
  /** Table columns besides Name and Age when absent. */
  readonly columns?: readonly Column[];
  /** What a Table says of an object's whole row: that a pod has completed. */
  readonly rowConditions?: (object: KubeObject) => readonly RowCondition[];
  /** Paths of a scale subresource, dotted, as CRDs write them. */
  readonly scale?: {
    readonly specReplicas: string;
    readonly statusReplicas: string;
    readonly selector: (object: KubeObject) => string;
    /** An object without spec replicas has no scale: 500, as upstream answers for custom resources. */
    readonly mustHaveReplicas?: boolean;
  };
}

export type NameRule = "dns-subdomain" | "dns-label" | "dns-1035-label" | "path-segment";

/** metav1.TableRowCondition. */
export interface RowCondition {
  readonly type: "Completed";
  readonly status: "True";
  readonly reason: string;
  readonly message: string;
}

/** One column of kubectl's table, as upstream's printers define it. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number;
  readonly description: string;
  /** The cell; `now` in ms for ages. Undefined and null print as "<none>" / empty as upstream does for the kind. */
  readonly value: (object: any, now: number) => string | number | boolean | null | undefined; // oxlint-disable-line no-explicit-any -- kinds narrow it themselves
}
