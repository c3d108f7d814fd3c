import { patternProblem } from "../libraries/regex.ts";
import { Failure } from "../runtime/failure.ts";
import { parseDuration, parseTimestamp } from "../runtime/time.ts";
import type { SourceError } from "../source-error.ts";
import { type CallNode, childrenOf, type Expr } from "../syntax/ast.ts";
import { typeName } from "../type.ts";
import type { CelType } from "../types.ts";
import { Substitution } from "./substitution.ts";

/** What is wrong with literals of an expression whose types are right: patterns, durations, times, mixed elements. */
export function literalProblems(root: Expr): SourceError[] {
  const found: SourceError[] = [];
  const visit = (node: Expr, mixed: boolean): void => {
    if (node.kind === "call") found.push(...problemOf(node));
    if (!mixed) found.push(...mixedTypes(node));
    const formats = node.kind === "call" && node.fn === "format";
    for (const child of childrenOf(node)) visit(child, formats);
  };
  visit(root, false);
  return found;
}

/** Elements of a list or map literal have one type; only the arguments of format() may differ. */
function mixedTypes(node: Expr): SourceError[] {
  if (node.kind === "list") return firstMismatch(node.elements.filter((e) => !e.optional).map((e) => e.value));
  if (node.kind !== "map") return [];
  const values = node.entries.filter((entry) => !entry.optional).map((entry) => entry.value);
  return [...firstMismatch(node.entries.map((entry) => entry.key)), ...firstMismatch(values)];
}

function firstMismatch(nodes: readonly Expr[]): SourceError[] {
  const types = new Substitution();
  const wanted = nodes[0]?.type;
  if (wanted === undefined) return [];
  const odd = nodes.find(
    (node) => !types.assignable(node.type as CelType, wanted) && !types.assignable(wanted, node.type as CelType),
  );
  if (odd === undefined) return [];
  return [
    { offset: odd.at, message: `expected type '${typeName(wanted)}' but found '${typeName(odd.type as CelType)}'` },
  ];
}

function problemOf(call: CallNode): SourceError[] {
  const arg = call.args.at(-1);
  if (arg?.kind !== "literal" || typeof arg.value !== "string") return [];
  const wrong =
    (call.fn === "duration" && parseDuration(arg.value) instanceof Failure) ||
    (call.fn === "timestamp" && parseTimestamp(arg.value) instanceof Failure) ||
    (call.fn === "matches" && patternProblem(arg.value) !== undefined);
  return wrong ? [{ offset: arg.at, message: `invalid ${call.fn} argument` }] : [];
}
