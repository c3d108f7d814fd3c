import { stringify } from "yaml";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { loadProtobufCodec, type ProtobufCodec } from "#pkg/api/protobuf/index.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import type { Call, RawClient } from "../bad-input/raw-client.ts";
import { BROKEN_BODIES, PROTOBUF } from "./broken-bodies.ts";
import { mutateMessage } from "./mutate-message.ts";
import { mutate, mutateBytes, toText } from "./mutate.ts";
import { deletionPlan, jsonPatch, partOf, subresourceBody } from "./parts.ts";
import { ACCEPTS, deletionQuery, listQuery, strayPath, writeQuery } from "./queries.ts";
import { Random } from "./random.ts";
import { jsonCall, type Loose, Session, typedCall } from "./session.ts";

const PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];
/** Subresources that are written as the object is, and those that are asked for something. */
const WRITTEN = ["status", "scale", "resize", "ephemeralcontainers", "approval", "finalize"];
const POSTED = ["eviction", "binding", "token"];
/** How long a watch is looked at. */
const GLANCE_MS = 300;

export type FuzzedKind = Pick<
  ResourceDefinition,
  "group" | "version" | "kind" | "plural" | "namespaced" | "verbs" | "subresources"
>;

/** Where an object is, and whether this client alone writes to it. */
interface Place {
  readonly kind: FuzzedKind;
  readonly collection: string;
  readonly path: string;
  readonly isOwn: boolean;
}

/** One client that sends one mutated request after another for its own objects, and notes each wrong answer once. */
export class Fuzzer {
  readonly session: Session;
  readonly #random: Random;
  readonly #codec: ProtobufCodec;

  private constructor(session: Session, random: Random, codec: ProtobufCodec) {
    this.session = session;
    this.#random = random;
    this.#codec = codec;
  }

  static async of(client: RawClient, seed: number): Promise<Fuzzer> {
    return new Fuzzer(new Session(client, seed), new Random(seed), await loadProtobufCodec());
  }

  /** Makes, changes, reads and deletes one object, each request mutated. @param isOwn nobody else writes to it */
  async round(kind: FuzzedKind, sample: Loose, isOwn: boolean): Promise<void> {
    const random = this.#random;
    const { group, plural, namespaced, verbs } = kind;
    const base = `${group === "" ? "/api" : "/apis"}/${apiVersionOf(kind)}`;
    const collection = `${base}/${namespaced ? "namespaces/default/" : ""}${plural}`;
    const body = (random.chance(0.9) ? mutate(random, sample) : structuredClone(sample)) as Loose;
    const created = await this.#write("POST", collection, body);
    if (!verbs.includes("get")) return;
    await this.#look(collection);
    const object = created ?? (await this.#plain(collection, sample));
    if (object === undefined) return;
    const path = `${collection}/${encodeURIComponent(String(object["metadata"].name))}`;
    const place: Place = { kind, collection, path, isOwn };
    try {
      await this.#readsBack(path, object);
      for (let left = 1 + random.below(3); left > 0; left--) await this.#change(place);
      if (random.chance(0.3)) await this.#dryRun(place);
      if (random.chance(0.2)) await this.#ask(place);
      if (random.chance(0.2)) await this.#stray(random.pick([path, collection]));
      if (random.chance(0.3)) await this.#delete(place);
    } finally {
      await this.#remove(path);
    }
  }

  /** The sample itself, so that changes have something to change. */
  async #plain(collection: string, sample: Loose): Promise<Loose | undefined> {
    const answer = await this.session.send(collection, jsonCall("POST", JSON.stringify(sample)));
    return answer.code === 201 ? (JSON.parse(answer.text) as Loose) : undefined;
  }

  /** Lists and watches, in every form of answer. */
  async #look(collection: string): Promise<void> {
    const random = this.#random;
    const headers: Record<string, string> = random.chance(0.4) ? { accept: random.pick(ACCEPTS) } : {};
    if (random.chance(0.1))
      return await this.session.glance(collection + listQuery(random, "watch=1"), headers, GLANCE_MS);
    const query = listQuery(random);
    // A revision that is not reached yet is waited for, in vain.
    await this.session.send(collection + query, { headers }, query.includes("resourceVersion") ? [504] : []);
  }

  async #change({ path, kind }: Place): Promise<void> {
    const random = this.#random;
    const now = await this.session.send(path);
    if (now.code !== 200) return;
    const object = JSON.parse(now.text) as Loose;
    const parts = WRITTEN.filter((name) => name in kind.subresources);
    const at = parts.length > 0 && random.chance(0.3) ? `${path}/${random.pick(parts)}` : path;
    const changed = random.chance(0.4)
      ? await this.#write("PUT", at, mutate(random, object) as Loose)
      : await this.#patch(at, object);
    if (changed !== undefined && at === path) await this.#readsBack(path, changed);
  }

  async #patch(at: string, object: Loose, ...parameters: readonly string[]): Promise<Loose | undefined> {
    const random = this.#random;
    const type = random.pick(PATCH_TYPES);
    const isApply = type.includes("apply");
    const query = writeQuery(random, ...parameters, ...(isApply ? ["fieldManager=fuzz", "force=true"] : []));
    const patch = type.includes("json-patch") ? jsonPatch(random, object) : partOf(random, object, isApply);
    const answer = await this.session.send(at + query, typedCall("PATCH", type, toText(random, patch)));
    if (answer.code !== 200 || query.includes("dryRun")) return undefined;
    this.session.counts.accepted++;
    return JSON.parse(answer.text) as Loose;
  }

  async #write(method: string, path: string, body: Loose): Promise<Loose | undefined> {
    const random = this.#random;
    const query = writeQuery(random);
    const answer = await this.session.send(path + query, this.#encoded(method, body));
    if (random.chance(0.05)) {
      const [type, broken] = random.pick(BROKEN_BODIES);
      await this.session.send(path, typedCall(method, type, broken));
    }
    if ((answer.code !== 200 && answer.code !== 201) || query.includes("dryRun")) return undefined;
    this.session.counts.accepted++;
    const object = JSON.parse(answer.text) as Loose;
    return "name" in (object["metadata"] ?? {}) ? object : undefined;
  }

  #encoded(method: string, body: Loose): Call {
    const random = this.#random;
    const form = random.next();
    if (form < 0.25) {
      const bytes = this.#protobuf(body);
      if (bytes !== undefined)
        return typedCall(
          method,
          PROTOBUF,
          random.chance(0.6) ? mutateMessage(random, bytes) : mutateBytes(random, bytes),
        );
    }
    const [type, text] =
      form < 0.4 ? ["application/yaml", stringify(body)] : ["application/json", toText(random, body)];
    return typedCall(method, type, random.chance(0.05) ? mutateBytes(random, Buffer.from(text)) : text);
  }

  /** Undefined for kinds that have no such form, and for what does not fit into it. */
  #protobuf(body: Loose): Uint8Array | undefined {
    try {
      return this.#codec.knows(body["apiVersion"], body["kind"]) ? this.#codec.encode(body) : undefined;
    } catch {
      return undefined;
    }
  }

  /** What was accepted is there as it was answered, in protobuf too, and can be written back without a change. */
  async #readsBack(path: string, answered: Loose): Promise<void> {
    const { session } = this;
    const { code, text } = await session.send(path);
    if (code === 404) return;
    if (code !== 200) return session.problem(`what was accepted cannot be read: ${text.slice(0, 200)}`, path);
    const object = JSON.parse(text) as Loose;
    if (object["metadata"].resourceVersion !== answered["metadata"].resourceVersion) return;
    session.same(object, answered, `${path} reads back as it was answered`);
    session.counts.readBack++;
    if (object["metadata"].deletionTimestamp !== undefined) return;
    const put = await session.send(path, jsonCall("PUT", text));
    if (put.code === 409) return;
    if (put.code !== 200) return session.problem(`what was read cannot be written: ${put.text.slice(0, 300)}`, text);
    const { metadata, ...rest } = JSON.parse(put.text) as Loose;
    const { metadata: was, ...before } = object;
    if (metadata.resourceVersion === was.resourceVersion) return;
    session.same(rest, before, `${path} changes when it is written back`);
  }

  /** Any write that is only tried changes nothing. */
  async #dryRun({ path, collection, kind, isOwn }: Place): Promise<void> {
    const random = this.#random;
    const before = await this.session.send(path);
    if (before.code !== 200) return;
    const object = JSON.parse(before.text) as Loose;
    const at = "status" in kind.subresources && random.chance(0.2) ? `${path}/status` : path;
    const tried = random.below(4);
    if (tried === 0) await this.session.send(`${at}?dryRun=All`, this.#encoded("PUT", mutate(random, object) as Loose));
    else if (tried === 1) await this.#patch(at, object, "dryRun=All");
    else if (tried === 2) {
      const query = random.chance(0.5) ? "" : "?dryRun=All";
      const options = query === "" ? { dryRun: ["All"] } : deletionPlan(random, object);
      await this.session.send(path + query, jsonCall("DELETE", JSON.stringify(options)));
    } else {
      const other = { ...object, metadata: { name: `${object["metadata"].name}-dry` } };
      const made = await this.session.send(`${collection}?dryRun=All`, jsonCall("POST", JSON.stringify(other)));
      if (made.code === 201 && (await this.session.send(`${path}-dry`)).code !== 404)
        this.session.problem(`a dry run made a ${kind.kind}`, made.text);
    }
    const after = await this.session.send(path);
    if (!isOwn) return;
    if (after.code !== 200) this.session.problem(`a dry run (${tried}) deleted a ${kind.kind}`, before.text);
    else this.session.same(JSON.parse(after.text), object, `a dry run (${tried}) changed a ${kind.kind}`);
  }

  /** The subresources that are posted to. */
  async #ask({ path, kind }: Place): Promise<void> {
    const names = POSTED.filter((name) => name in kind.subresources);
    if (names.length === 0) return;
    const name = this.#random.pick(names);
    const object = subresourceBody(name, decodeURIComponent(path.slice(path.lastIndexOf("/") + 1)));
    await this.#write("POST", `${path}/${name}`, mutate(this.#random, object) as Loose);
  }

  async #stray(path: string): Promise<void> {
    const random = this.#random;
    const method = random.pick(["GET", "GET", "POST", "PATCH", "OPTIONS", "HEAD"]);
    const stray = path + strayPath(random);
    // Proxies answer for who is not there: nodes without an address are upstream's 500.
    await this.session.send(stray, { method }, stray.includes("/proxy") ? [500, 502, 503] : []);
  }

  async #delete({ path, collection, kind }: Place): Promise<void> {
    const random = this.#random;
    const now = await this.session.send(path);
    if (now.code !== 200) return;
    const object = JSON.parse(now.text) as Loose;
    const call = this.#encoded("DELETE", deletionPlan(random, object));
    if (kind.verbs.includes("deletecollection") && random.chance(0.3))
      await this.session.send(collection + deletionQuery(random, object["metadata"].name), call);
    else await this.session.send(path, call);
  }

  async #remove(path: string): Promise<void> {
    const patch = JSON.stringify({ metadata: { finalizers: null } });
    await this.session.send(path, typedCall("PATCH", "application/merge-patch+json", patch));
    await this.session.send(path, jsonCall("DELETE", JSON.stringify({ gracePeriodSeconds: 0 })));
    await this.session.send(path, typedCall("PATCH", "application/merge-patch+json", patch));
  }
}
