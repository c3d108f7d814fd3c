import type { FieldError } from "#pkg/errors/index.ts";
import type { Column, Strategy } from "./definition.ts";
import type { Mutable } from "./resource-ref.ts";

/** A `Strategy` whose hooks see the kind's own type. */
export interface TypedStrategy<T>
  extends Omit<
    Strategy,
    | "defaults"
    | "prepareForCreate"
    | "prepareForUpdate"
    | "prepareForStatusUpdate"
    | "validate"
    | "validateUpdate"
    | "validateStatusUpdate"
    | "warnings"
    | "selectableFields"
    | "gracePeriodSeconds"
    | "scale"
  > {
  readonly defaults?: (object: Mutable<T>) => void;
  readonly prepareForCreate?: (object: Mutable<T>) => void;
  readonly prepareForUpdate?: (object: Mutable<T>, old: T) => void;
  readonly prepareForStatusUpdate?: (object: Mutable<T>, old: T) => void;
  readonly validate?: (object: T) => FieldError[];
  readonly validateUpdate?: (object: T, old: T) => FieldError[];
  readonly validateStatusUpdate?: (object: T, old: T) => FieldError[];
  readonly warnings?: (object: T, old: T | undefined) => string[];
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  readonly gracePeriodSeconds?: (object: T, requested: number | undefined) => number;
  readonly scale?: {
    readonly specReplicas: string;
    readonly statusReplicas: string;
    readonly selector: (object: T) => string;
  };
}

/** The machine hands each strategy only objects of its kind, decoded by the kind's schema; so the narrowing is sound. */
export const strategyOf = <T>(typed: TypedStrategy<T>): Strategy => typed as unknown as Strategy;

export type Columns = readonly Column[];
