import { setImmediate as nextTurn } from "node:timers/promises";
import { sameItems } from "#pkg/api/equal.ts";
import type { ResourceDefinition } from "#pkg/api/index.ts";
import { type Encoded, encode } from "./encoded.ts";
import { encodePiece, joinPieces, type PieceV2, pieceOf } from "./pieces-v2.ts";
import { mergeRemote, type RemoteDocuments } from "./remote.ts";
import type { Grouped } from "./schema-index.ts";

export type FormV2 = "json" | "protobuf";

export const PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
/** Pieces made in one turn. */
const STEP = 4;

interface Whole {
  readonly madeFrom: readonly ResourceDefinition[];
  /** Of the remote documents in it. */
  readonly generation: number;
  readonly forms: Map<FormV2, Promise<Encoded>>;
}

/** The one OpenAPI v2 document, joined from pieces of which only those of changed group versions are made again. */
export class WholeV2 {
  readonly #version: string;
  readonly #pieces = new Map<string, { readonly madeFrom: readonly ResourceDefinition[]; readonly piece: PieceV2 }>();
  #whole: Whole | undefined;

  constructor(version: string) {
    this.#version = version;
  }

  document(now: Grouped, form: FormV2, remote: RemoteDocuments | undefined): Promise<Encoded> {
    const generation = remote?.generation ?? 0;
    let whole = this.#whole;
    if (whole?.madeFrom !== now.list || whole.generation !== generation)
      this.#whole = whole = { madeFrom: now.list, generation, forms: new Map() };
    const { forms } = whole;
    let document = forms.get(form);
    if (document === undefined) {
      document = this.#build(now, form, remote);
      forms.set(form, document);
      document.catch(() => forms.delete(form));
    }
    return document;
  }

  async #build(now: Grouped, form: FormV2, remote: RemoteDocuments | undefined): Promise<Encoded> {
    const pieces = await this.#all(now);
    const others = remote?.v2() ?? [];
    if (others.length > 0) pieces.push(encodePiece(mergeRemote(others)));
    await nextTurn();
    const joined = joinPieces(pieces, this.#version);
    await nextTurn();
    return form === "json" ? encode("application/json", joined.json()) : encode(PROTOBUF_V2, joined.protobuf());
  }

  async #all({ groupVersions, schemas }: Grouped): Promise<PieceV2[]> {
    const pieces: PieceV2[] = [];
    let made = 0;
    for (const [key, own] of groupVersions) {
      const before = this.#pieces.get(key);
      if (before !== undefined && sameItems(before.madeFrom, own)) {
        pieces.push(before.piece);
        continue;
      }
      if (made++ % STEP === 0) await nextTurn();
      const piece = pieceOf(own, schemas);
      this.#pieces.set(key, { madeFrom: own, piece });
      pieces.push(piece);
    }
    for (const key of this.#pieces.keys()) if (!groupVersions.has(key)) this.#pieces.delete(key);
    return pieces;
  }
}
