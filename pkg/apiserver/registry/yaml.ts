import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

/** Aliases can stand for very much: only few are followed. Doubled keys are looked for here, since yaml takes n² for it. */
const OPTIONS = { uniqueKeys: false, prettyErrors: false, schema: "core", merge: false } as const;
const MAX_ALIASES = 100;
/** More keys that are there twice are not named. */
const MAX_REPORTED = 100;

/** A YAML text as JSON data, and Go's words for keys that a mapping has more than once. @throws YAMLParseError, ReferenceError, RangeError */
export function parseYamlText(text: string): { readonly value: unknown; readonly duplicates: string | undefined } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...OPTIONS, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  const found = doubledKeys(document.contents, []);
  const lines = found.map(({ key, at }) => {
    const { line } = lineCounter.linePos(at);
    return `  line ${line}: key ${JSON.stringify(key)} already set in map`;
  });
  return {
    value: document.toJS({ maxAliasCount: MAX_ALIASES }),
    duplicates: lines.length === 0 ? undefined : `yaml: unmarshal errors:\n${lines.join("\n")}`,
  };
}

interface Doubled {
  readonly key: string;
  /** Where the key stands in the text. */
  readonly at: number;
}

function doubledKeys(node: unknown, found: Doubled[]): readonly Doubled[] {
  if (isAlias(node)) return found;
  if (isSeq(node)) for (const item of node.items) doubledKeys(item, found);
  if (!isMap(node)) return found;
  const seen = new Set<string>();
  for (const { key, value } of node.items) {
    if (isScalar(key)) {
      const name = String(key.value);
      if (seen.has(name) && found.length < MAX_REPORTED) found.push({ key: name, at: key.range?.[0] ?? 0 });
      seen.add(name);
    }
    doubledKeys(value, found);
  }
  return found;
}
