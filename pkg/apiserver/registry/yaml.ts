import { LineCounter, parseDocument } from "yaml";

/** How YAML bodies are read: as JSON in other letters, with few aliases, since they can stand for very much. */
export const YAML_OPTIONS = {
  uniqueKeys: false,
  maxAliasCount: 100,
  prettyErrors: false,
  schema: "core",
  merge: false,
} as const;

/** Go's words for keys that a mapping has more than once; undefined when there are none. */
export function duplicateKeys(text: string): string | undefined {
  const lineCounter = new LineCounter();
  const { errors } = parseDocument(text, { ...YAML_OPTIONS, uniqueKeys: true, lineCounter });
  const lines = errors
    .filter(({ code }) => code === "DUPLICATE_KEY")
    .map(({ pos }) => {
      const { line } = lineCounter.linePos(pos[0]);
      return `  line ${line}: key ${JSON.stringify(keyAt(text, pos[0]))} already set in map`;
    });
  return lines.length === 0 ? undefined : `yaml: unmarshal errors:\n${lines.join("\n")}`;
}

/** The key that begins here, without quotes. */
function keyAt(text: string, start: number): string {
  const rest = text.slice(start, start + 512);
  const quoted = /^"((?:[^"\\]|\\.)*)"|^'((?:[^']|'')*)'/.exec(rest);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? "";
  return (/^[^:\n]*/.exec(rest)?.[0] ?? "").trim();
}
