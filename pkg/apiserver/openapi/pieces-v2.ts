import type { ResourceDefinition } from "#pkg/api/index.ts";
import { type DocumentV2, documentV2 } from "./document-v2.ts";
import { encodeDefinition, encodeGnosticV2, encodePath } from "./gnostic.ts";
import { isCustom, namesIn, pathsOf } from "./operations.ts";
import type { SchemaIndex } from "./schema-index.ts";

/**
 * What one group version (or another server) adds to the one OpenAPI v2 document, in the two forms that it is sent in: a
 * CRD that changes costs its own piece and a walk over the others, not the encoding of all there is.
 */
export interface PieceV2 {
  readonly paths: ReadonlyMap<string, EncodedEntry>;
  readonly definitions: ReadonlyMap<string, EncodedEntry>;
}

interface EncodedEntry {
  /** `"key":value` */
  readonly json: string;
  readonly protobuf: Uint8Array;
}

export function pieceOf(own: readonly ResourceDefinition[], schemas: SchemaIndex): PieceV2 {
  const paths = own.flatMap((definition) => pathsOf(definition, schemas));
  const { definitions, ...rest } = documentV2(paths, namesIn(own, paths), schemas);
  if (!own.every(isCustom)) return encodePiece({ ...rest, definitions });
  // What custom resources refer to stands in the pieces of built-in ones.
  const names = own.flatMap(({ definitionName }) => [definitionName, `${definitionName}List`]);
  const ownDefinitions = names.flatMap((name) =>
    name in definitions ? [[name, definitions[name] ?? {}] as const] : [],
  );
  return encodePiece({ ...rest, definitions: Object.fromEntries(ownDefinitions) });
}

export function encodePiece({ paths, definitions }: Pick<DocumentV2, "paths" | "definitions">): PieceV2 {
  return { paths: encodeAll(paths, encodePath), definitions: encodeAll(definitions, encodeDefinition) };
}

function encodeAll<T>(
  values: Readonly<Record<string, T>>,
  encode: (name: string, value: T) => Uint8Array,
): Map<string, EncodedEntry> {
  return new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      { json: `${JSON.stringify(name)}:${JSON.stringify(value)}`, protobuf: encode(name, value) },
    ]),
  );
}

/** All pieces as one document; of what several have, the first one's is taken. */
export function joinPieces(pieces: readonly PieceV2[], version: string) {
  const head = { swagger: "2.0", info: { title: "Kubernetes", version } } as const;
  const paths = firstOfEach(pieces.map((piece) => piece.paths));
  const definitions = firstOfEach(pieces.map((piece) => piece.definitions));
  const names = [...definitions.keys()].sort();
  const sorted = names.map((name) => definitions.get(name) as EncodedEntry);
  return {
    json(): string {
      const open = JSON.stringify(head).slice(0, -1);
      const texts = (entries: Iterable<EncodedEntry>): string => Array.from(entries, (each) => each.json).join(",");
      return `${open},"paths":{${texts(paths.values())}},"definitions":{${texts(sorted)}}}`;
    },
    protobuf: (): Uint8Array =>
      encodeGnosticV2(
        head,
        Array.from(paths.values(), (each) => each.protobuf),
        sorted.map((each) => each.protobuf),
      ),
  };
}

function firstOfEach(maps: readonly ReadonlyMap<string, EncodedEntry>[]): Map<string, EncodedEntry> {
  const out = new Map<string, EncodedEntry>();
  for (const map of maps) for (const [name, entry] of map) if (!out.has(name)) out.set(name, entry);
  return out;
}
