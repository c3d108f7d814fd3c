import { ExpressionCompiler, BOOL, STRING } from "#pkg/api/admissionregistration/expressions.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import type { Schema } from "#pkg/api/schema/schema.ts";
import type { ExpressionWarning, ValidatingAdmissionPolicy } from "#pkg/api/types/admissionregistration-v1.ts";
import { customresourcedefinitions } from "#pkg/api/types/apiextensions-v1.ts";
import { type CelType, celTypes, schemaType } from "#pkg/cel/index.ts";
import type { Client } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";

/** As upstream: further types are not looked at. */
const MAX_TYPES = 10;
const META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

interface CheckedType {
  /** "apps/v1, Kind=Deployment" */
  readonly shown: string;
  readonly type: CelType;
}

/** What is wrong with a policy's expressions when the objects are of the types that its rules name one by one. */
export async function checkTypes(client: Client, policy: ValidatingAdmissionPolicy): Promise<ExpressionWarning[]> {
  const { spec } = policy;
  const types = await typesOf(client, policy);
  if (types.length === 0) return [];
  const params = spec.paramKind !== undefined;
  const paramsType = await paramsTypeOf(client, policy);
  const compilers = types.map(({ shown, type }) => {
    const options = { params, paramsType, authorizer: true, objectType: type };
    const compiler = new ExpressionCompiler(options);
    for (const variable of spec.variables ?? []) compiler.addVariable(variable);
    return { shown, compiler, options };
  });
  const check = (fieldRef: string, expression: string, isMessage: boolean): ExpressionWarning[] => {
    const texts = compilers.flatMap(({ shown, compiler, options }) => {
      const given = isMessage ? { ...options, authorizer: false } : options;
      const { error } = compiler.compile(expression, isMessage ? STRING : BOOL, given);
      return error === undefined ? [] : [`${shown}: ${error.replace(/^compilation failed: /, "")}\n`];
    });
    return texts.length === 0 ? [] : [{ fieldRef, warning: texts.join("\n") }];
  };
  return (spec.validations ?? []).flatMap(({ expression, messageExpression = "" }, i) => [
    ...check(`spec.validations[${i}].expression`, expression, false),
    ...(messageExpression.trim() === ""
      ? []
      : check(`spec.validations[${i}].messageExpression`, messageExpression, true)),
  ]);
}

async function typesOf(client: Client, { spec }: ValidatingAdmissionPolicy): Promise<CheckedType[]> {
  const wanted = new Map<string, { group: string; version: string; resource: string }>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec.matchConstraints?.resourceRules ?? []) {
    // A wildcard anywhere in a rule names no type.
    if ([...apiGroups, ...apiVersions].includes("*")) continue;
    for (const group of apiGroups)
      for (const version of apiVersions)
        for (const resource of resources)
          if (!/[*/]/.test(resource)) wanted.set(`${group}/${version}/${resource}`, { group, version, resource });
  }
  const found: CheckedType[] = [];
  for (const { group, version, resource } of [...wanted.values()].slice(0, MAX_TYPES)) {
    const type = await typeOf(client, group, version, (each) => each.plural === resource);
    if (type !== undefined) found.push(type);
  }
  return found;
}

async function paramsTypeOf(client: Client, { spec }: ValidatingAdmissionPolicy): Promise<CelType> {
  const { apiVersion = "", kind } = spec.paramKind ?? {};
  const slash = apiVersion.lastIndexOf("/");
  const type = await typeOf(
    client,
    apiVersion.slice(0, Math.max(0, slash)),
    apiVersion.slice(slash + 1),
    (each) => each.kind === kind,
  );
  return type?.type ?? celTypes.dyn;
}

interface Named {
  readonly plural: string;
  readonly kind: string;
}

/** The type of a built-in resource, or of what a CustomResourceDefinition defines. */
async function typeOf(
  client: Client,
  group: string,
  version: string,
  isWanted: (named: Named) => boolean,
): Promise<CheckedType | undefined> {
  const builtins = builtinDefinitions();
  const definitions = builtins[0]?.definitions ?? {};
  const builtin = builtins.find((each) => each.group === group && each.version === version && isWanted(each));
  const found =
    builtin === undefined
      ? await customSchema(client, group, version, isWanted)
      : { kind: builtin.kind, schema: builtin.schema };
  if (found === undefined) return undefined;
  const type = schemaType(withMetadata(found.schema), definitions, {
    root: true,
    name: `${group}.${version}.${found.kind}`,
  });
  const apiVersion = apiVersionOf({ group, version });
  return type && { shown: `${group === "" ? "/" : ""}${apiVersion}, Kind=${found.kind}`, type };
}

async function customSchema(
  client: Client,
  group: string,
  version: string,
  isWanted: (named: Named) => boolean,
): Promise<{ readonly kind: string; readonly schema: Schema } | undefined> {
  if (group === "") return undefined;
  try {
    const { items } = await client.list(customresourcedefinitions);
    const crd = items.find(({ spec }) => spec.group === group && isWanted(spec.names));
    const schema = crd?.spec.versions.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
    return crd === undefined || schema === undefined
      ? undefined
      : { kind: crd.spec.names.kind, schema: schema as Schema };
  } catch (err) {
    if (isNotFound(err)) return undefined;
    throw err;
  }
}

/** Policies see all metadata, rules of CustomResourceDefinitions only names. */
const withMetadata = (schema: Schema): Schema => ({
  ...schema,
  properties: { ...schema.properties, metadata: { $ref: META } },
});
