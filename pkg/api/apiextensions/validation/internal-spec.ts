import { semanticEqual } from "../../equal.ts";
import type { Schema } from "../../schema/schema.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  SelectableField,
} from "../../types/apiextensions-v1.ts";

/** What may stand in a version, or above all of them. */
export interface VersionedParts {
  /** Path of the part's owner: "spec" or "spec.versions[1]". */
  readonly path: string;
  /** "validation" above the versions, "schema" in one. */
  readonly schemaField: string;
  readonly version: string;
  readonly schema?: Schema;
  readonly subresources?: CustomResourceSubresources;
  readonly columns?: readonly CustomResourceColumnDefinition[];
  readonly selectableFields?: readonly SelectableField[];
  /** Of the version itself, or of any when above them. */
  readonly hasStatus: boolean;
}

type Part = "schema" | "subresources" | "additionalPrinterColumns" | "selectableFields";

/**
 * The spec as upstream validates it: what is the same in all versions (always, in a single one) is moved above them, and
 * findings name it there: `spec.validation.openAPIV3Schema` instead of `spec.versions[0].schema.openAPIV3Schema`.
 */
export function versionedParts(spec: CustomResourceDefinitionSpec): VersionedParts[] {
  const versions = spec.versions ?? [];
  const [first] = versions;
  if (first === undefined) return [];
  const isShared = (part: Part): boolean => versions.every((each) => semanticEqual(each[part], first[part]));
  const shared = new Set(
    (["schema", "subresources", "additionalPrinterColumns", "selectableFields"] as const).filter(isShared),
  );
  const hasStatus = (version: CustomResourceDefinitionVersion): boolean => version.subresources?.status !== undefined;
  const parts = (version: CustomResourceDefinitionVersion, has: (part: Part) => boolean): Partial<VersionedParts> => ({
    ...(has("schema") && version.schema?.openAPIV3Schema !== undefined
      ? { schema: version.schema.openAPIV3Schema as Schema }
      : {}),
    ...(has("subresources") && version.subresources !== undefined ? { subresources: version.subresources } : {}),
    ...(has("additionalPrinterColumns") && version.additionalPrinterColumns !== undefined
      ? { columns: version.additionalPrinterColumns }
      : {}),
    ...(has("selectableFields") && version.selectableFields !== undefined
      ? { selectableFields: version.selectableFields }
      : {}),
  });
  return [
    ...versions.map((version, i) => ({
      path: `spec.versions[${i}]`,
      schemaField: "schema",
      version: version.name,
      hasStatus: hasStatus(version),
      ...parts(version, (part) => !shared.has(part)),
    })),
    {
      path: "spec",
      schemaField: "validation",
      version: first.name,
      hasStatus: versions.some(hasStatus),
      ...parts(first, (part) => shared.has(part)),
    },
  ];
}
