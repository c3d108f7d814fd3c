import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { sameItems } from "#pkg/api/equal.ts";
import type { ResourceDefinition } from "#pkg/api/index.ts";
import { documentV3 } from "./document-v3.ts";
import { type Encoded, encode } from "./encoded.ts";
import { encodeGnosticV3 } from "./gnostic-v3.ts";
import { isCustom, namesIn, pathsOf } from "./operations.ts";
import { type Grouped, META } from "./schema-index.ts";

interface Made {
  readonly madeFrom: readonly ResourceDefinition[];
  /** Only of custom resources: what the document will be named by. */
  hash?: Promise<string>;
  readonly forms: Map<FormV3, Promise<Encoded>>;
}

export type FormV3 = "json" | "protobuf";

const PROTOBUF_V3 = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";

/**
 * The OpenAPI v3 documents of group versions, each made when it is asked for and again only when its own definitions
 * changed. Those of custom resources are named by what they are made of, so that the index of hundreds makes none.
 */
export class DocumentsV3 {
  readonly #version: string;
  readonly #made = new Map<string, Made>();
  /** What the documents of custom resources refer to: built in, so it stays as long as the process. */
  #shared: string | undefined;

  constructor(version: string) {
    this.#version = version;
  }

  /** Names the content; the index of documents carries it. */
  async hash(now: Grouped, key: string): Promise<string> {
    const made = this.#find(now, key);
    if (!made.madeFrom.every(isCustom)) return (await this.document(now, key, "json")).hash;
    made.hash ??= hashOf(now, made.madeFrom, `${this.#version} ${(this.#shared ??= sharedSchemas(now))}`);
    return made.hash;
  }

  document(now: Grouped, key: string, form: FormV3): Promise<Encoded> {
    const made = this.#find(now, key);
    let document = made.forms.get(form);
    if (document === undefined) {
      document = this.#build(now, key, made, form);
      made.forms.set(form, document);
      // A failure is not kept: the next who asks tries again.
      document.catch(() => made.forms.delete(form));
    }
    return document;
  }

  /** Documents of what is not served any more. */
  forgetOthers({ groupVersions }: Grouped): void {
    for (const key of this.#made.keys()) if (!groupVersions.has(key)) this.#made.delete(key);
  }

  async #build(now: Grouped, key: string, { madeFrom }: Made, form: FormV3): Promise<Encoded> {
    await nextTurn();
    const { schemas } = now;
    const paths = madeFrom.flatMap((definition) => pathsOf(definition, schemas));
    const document = documentV3(paths, namesIn(madeFrom, paths), schemas, this.#version);
    // Both forms answer the address that the index names.
    if (form === "protobuf")
      return { ...(await encode(PROTOBUF_V3, encodeGnosticV3(document))), hash: await this.hash(now, key) };
    const encoded = await encode("application/json", JSON.stringify(document));
    return madeFrom.every(isCustom) ? { ...encoded, hash: await this.hash(now, key) } : encoded;
  }

  #find({ groupVersions }: Grouped, key: string): Made {
    const own = groupVersions.get(key) ?? [];
    const before = this.#made.get(key);
    if (before !== undefined && sameItems(before.madeFrom, own)) return before;
    const made: Made = { madeFrom: own, forms: new Map() };
    this.#made.set(key, made);
    return made;
  }
}

/** Clients keep a document for ever under its address: another build may say other things of metadata. */
function sharedSchemas({ schemas }: Grouped): string {
  const names = ["ObjectMeta", "ListMeta", "DeleteOptions", "Patch", "Status"].map((name) => META + name);
  const text = JSON.stringify(schemas.closure([...names, "io.k8s.api.autoscaling.v1.Scale"]));
  return createHash("sha256").update(text).digest("hex");
}

async function hashOf({ schemas }: Grouped, own: readonly ResourceDefinition[], build: string): Promise<string> {
  await nextTurn();
  const hash = createHash("sha256").update(build);
  for (const definition of own)
    hash.update(JSON.stringify([definition.listKind, definition.schema, pathsOf(definition, schemas)]));
  return hash.digest("hex").toUpperCase();
}
