import assert from "node:assert/strict";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { until } from "#pkg/async/index.ts";
import type { Answer, Call, RawClient } from "../bad-input/raw-client.ts";
import type { Encoding } from "./encodings.ts";
import type { Sample } from "./samples.ts";

/** Called for each verb that was seen to work: "create", "patch json", "status update". */
export type Seen = (what: string) => void;

// oxlint-disable-next-line no-explicit-any -- objects of every kind pass here
type Loose = Record<string, any>;

const AT_ONCE = { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: 0 };
const LABEL = "example/round";
const PATCHES: readonly (readonly [name: string, type: string])[] = [
  ["json", "application/json-patch+json"],
  ["merge", "application/merge-patch+json"],
  ["strategic", "application/strategic-merge-patch+json"],
  ["apply", "application/apply-patch+yaml"],
];
/** Bodies that are no object of their own resource. */
const CREATED_SUBRESOURCES: Readonly<Record<string, (name: string) => Loose>> = {
  "pods/binding": (name) => ({
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name },
    target: { kind: "Node", name: "somewhere" },
  }),
  "pods/eviction": (name) => ({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name } }),
  "serviceaccounts/token": () => ({ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} }),
};

/** Runs every verb and subresource of one resource in one encoding; throws at the first answer that is not right. */
export class Exercise {
  readonly #client: RawClient;
  readonly #definition: ResourceDefinition;
  readonly #encoding: Encoding;
  readonly #seen: Seen;
  readonly #collection: string;

  constructor(client: RawClient, definition: ResourceDefinition, encoding: Encoding, seen: Seen) {
    this.#client = client;
    this.#definition = definition;
    this.#encoding = encoding;
    this.#seen = seen;
    const { group, plural, namespaced } = definition;
    const base = `${group === "" ? "/api" : "/apis"}/${apiVersionOf(definition)}`;
    this.#collection = `${base}/${namespaced ? "namespaces/default/" : ""}${plural}`;
  }

  async run(sample: Sample): Promise<void> {
    const { verbs } = this.#definition;
    if (!verbs.includes("create")) return await this.#reads();
    if (!verbs.includes("get")) return await this.#ask(sample);
    sample.metadata["labels"] = { ...(sample.metadata["labels"] as Loose), [LABEL]: this.#encoding.letter };
    const name = String(sample.metadata["name"]);
    const created = await this.#expect(201, this.#collection, this.#body("POST", sample));
    this.#isOurs(created, name);
    this.#seen("create");
    const path = `${this.#collection}/${name}`;
    await this.#readBack(path, name);
    await this.#watch(name);
    await this.#update(path);
    await this.#patches(path, name);
    await this.#subresources(path, name);
    await this.#deletes(path, name);
  }

  /** A resource that is only read. */
  async #reads(): Promise<void> {
    const list = await this.#expect(200, this.#collection);
    assert.equal(list["kind"], this.#definition.listKind);
    this.#seen("list");
    const [first] = list["items"] as Loose[];
    const one = await this.#expect(200, `${this.#collection}/${first?.["metadata"].name}`);
    assert.equal(one["kind"], this.#definition.kind);
    this.#seen("get");
  }

  /** A resource that is asked and not stored. */
  async #ask(sample: Sample): Promise<void> {
    const answer = await this.#expect(201, this.#collection, this.#body("POST", sample));
    // What was bound is told by a Status.
    assert.equal(answer["kind"], this.#definition.kind === "Binding" ? "Status" : this.#definition.kind);
    assert.ok("status" in answer);
    this.#seen("create");
  }

  async #readBack(path: string, name: string): Promise<void> {
    let json: Loose = {};
    let got: Loose = {};
    // The server itself writes the status of some kinds soon after they were made.
    await until(
      async () => {
        json = JSON.parse((await this.#client.call(path)).text) as Loose;
        got = await this.#expect(200, path);
        return got["metadata"].resourceVersion === json["metadata"].resourceVersion && isSettled(got);
      },
      { timeoutMs: 10_000, intervalMs: 5, what: `${path} to rest` },
    );
    this.#isOurs(got, name);
    assert.deepEqual(got, this.#encoding.letter === "P" ? withoutInnerTypes(json) : json, "the same in every encoding");
    this.#seen("get");
    const list = await this.#expect(200, `${this.#collection}?labelSelector=${encodeURIComponent(this.#selector)}`);
    assert.equal(list["kind"], this.#definition.listKind);
    assert.equal((list["items"] as Loose[]).length, 1);
    const [item] = list["items"] as Loose[];
    assert.equal(item?.["metadata"].uid, got["metadata"].uid);
    this.#seen("list");
  }

  async #watch(name: string): Promise<void> {
    const { watch } = this.#encoding;
    const path = `${this.#collection}?watch=1&fieldSelector=metadata.name%3D${name}`;
    if (watch === undefined) {
      const refused = await this.#client.firstOf(path, { accept: this.#encoding.type }, () => true);
      assert.equal(refused.code, 406, "YAML has no frames");
      return;
    }
    const { code, bytes } = await this.#client.firstOf(
      path,
      { accept: watch.accept },
      (sofar) => watch.read(sofar) !== undefined,
    );
    assert.equal(code, 200, bytes.toString());
    const frame = watch.read(bytes);
    assert.equal(frame?.type, "ADDED");
    this.#isOurs(frame.object, name);
    this.#seen("watch");
  }

  async #update(path: string): Promise<void> {
    const object = await this.#expect(200, path);
    object["metadata"].annotations = { ...object["metadata"].annotations, "example/updated": "yes" };
    const updated = await this.#expect(200, path, this.#body("PUT", object));
    assert.equal(updated["metadata"].annotations["example/updated"], "yes");
    assert.notEqual(updated["metadata"].resourceVersion, object["metadata"].resourceVersion);
    this.#seen("update");
  }

  async #patches(path: string, name: string): Promise<void> {
    for (const [patch, type] of PATCHES) {
      const annotations = { "example/patch": patch };
      const body =
        patch === "json"
          ? [{ op: "add", path: "/metadata/annotations/example~1patch", value: patch }]
          : {
              ...(patch === "apply" ? { apiVersion: apiVersionOf(this.#definition), kind: this.#definition.kind } : {}),
              metadata: { ...(patch === "apply" ? { name } : {}), annotations },
            };
      const query = patch === "apply" ? "?fieldManager=conformance&force=true" : "";
      const patched = await this.#expect(200, path + query, {
        method: "PATCH",
        headers: { "content-type": type },
        body: JSON.stringify(body),
      });
      assert.equal(patched["metadata"].annotations["example/patch"], patch);
      if (patch === "apply")
        assert.ok(
          (patched["metadata"].managedFields as Loose[]).some(
            (each) => each["manager"] === "conformance" && each["operation"] === "Apply",
          ),
        );
      this.#seen(`patch ${patch}`);
    }
  }

  async #subresources(path: string, name: string): Promise<void> {
    const { subresources, plural } = this.#definition;
    for (const [subresource, { verbs, kind }] of Object.entries(subresources)) {
      const at = `${path}/${subresource}`;
      const create = CREATED_SUBRESOURCES[`${plural}/${subresource}`];
      // An eviction ends what the others need: it comes last, with the deletes.
      if (subresource === "eviction" || isStream(subresource)) continue;
      if (create !== undefined) {
        await this.#expect(201, at, this.#body("POST", create(name)));
        this.#seen(`${subresource} create`);
        continue;
      }
      const object = verbs.includes("get") ? await this.#expect(200, at) : await this.#expect(200, path);
      if (verbs.includes("get")) {
        assert.equal(object["kind"], kind);
        this.#seen(`${subresource} get`);
      }
      const isScale = subresource === "scale";
      if (isScale) object["spec"] = { replicas: 0 };
      const put = await this.#expect(200, at, this.#body("PUT", object));
      assert.equal(put["kind"], isScale ? "Scale" : this.#definition.kind);
      this.#seen(`${subresource} update`);
      if (!verbs.includes("patch")) continue;
      // Not every subresource takes metadata, and none more than its own part.
      const patched = await this.#expect(200, at, {
        method: "PATCH",
        headers: { "content-type": "application/merge-patch+json" },
        body: JSON.stringify(
          isScale ? { spec: { replicas: 0 } } : { metadata: { annotations: { "example/part": "x" } } },
        ),
      });
      assert.equal(patched["kind"], isScale ? "Scale" : this.#definition.kind);
      this.#seen(`${subresource} patch`);
    }
  }

  async #deletes(path: string, name: string): Promise<void> {
    await this.#release(path);
    if ("eviction" in this.#definition.subresources) {
      const eviction = CREATED_SUBRESOURCES["pods/eviction"]?.(name) as Loose;
      eviction["deleteOptions"] = { gracePeriodSeconds: 0 };
      await this.#expect(201, `${path}/eviction`, this.#body("POST", eviction));
      this.#seen("eviction create");
      await this.#gone(path);
      await this.#again(path);
    }
    if (this.#definition.verbs.includes("deletecollection")) {
      const ours = `${this.#collection}?labelSelector=${encodeURIComponent(this.#selector)}`;
      await this.#expect(200, ours, this.#body("DELETE", AT_ONCE));
      await this.#gone(path);
      this.#seen("deletecollection");
      await this.#again(path);
    }
    await this.#expect(200, path, this.#body("DELETE", AT_ONCE));
    await this.#gone(path);
    this.#seen("delete");
  }

  #sample: Loose | undefined;
  /** Takes away what would hold the object back, and keeps a copy to make it again. */
  async #release(path: string): Promise<void> {
    const { code, text } = await this.#client.call(path);
    // It may have gone by itself meanwhile.
    if (code === 404) return;
    const { metadata, ...rest } = JSON.parse(text) as Loose;
    this.#sample = { ...rest, metadata: { name: metadata.name, labels: metadata.labels } };
    if (metadata.finalizers === undefined) return;
    await this.#client.call(path, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify({ metadata: { finalizers: null } }),
    });
  }

  async #again(path: string): Promise<void> {
    const made = await this.#client.post(this.#collection, this.#sample);
    assert.equal(made.code, 201, made.text);
    await this.#release(path);
  }

  async #gone(path: string): Promise<void> {
    await until(
      async () => {
        const { code, text } = await this.#client.call(path);
        if (code === 404) return true;
        const object = JSON.parse(text) as Loose;
        assert.ok(object["metadata"].deletionTimestamp !== undefined, `not deleted: ${text.slice(0, 300)}`);
        if (object["metadata"].finalizers !== undefined) await this.#release(path);
        if (object["spec"]?.finalizers === undefined) return false;
        delete object["spec"].finalizers;
        await this.#client.call(`${path}/finalize`, {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(object),
        });
        return false;
      },
      { timeoutMs: 10_000, intervalMs: 10, what: `the end of ${path}` },
    );
  }

  get #selector(): string {
    return `${LABEL}=${this.#encoding.letter}`;
  }

  #isOurs(object: Loose, name: string): void {
    assert.equal(object["kind"], this.#definition.kind);
    assert.equal(object["apiVersion"], apiVersionOf(this.#definition));
    assert.equal(object["metadata"].name, name);
    assert.equal(object["metadata"].labels[LABEL], this.#encoding.letter);
  }

  #body(method: string, object: Loose): Call {
    return { method, headers: { "content-type": this.#encoding.type }, body: this.#encoding.encode(object) };
  }

  async #expect(code: number, path: string, call: Call = {}): Promise<Loose> {
    const answer = await this.#client.call(path, {
      ...call,
      headers: { accept: this.#encoding.type, ...call.headers },
    });
    assert.equal(answer.code, code, `${call.method ?? "GET"} ${path} in ${this.#encoding.type}: ${shown(answer)}`);
    assert.equal(answer.headers["content-type"], this.#encoding.type);
    return this.#encoding.decode(answer.bytes);
  }
}

/** A CustomResourceDefinition is made use of, and written once more, before it rests. */
const isSettled = ({ kind, status }: Loose): boolean =>
  kind !== "CustomResourceDefinition" || status?.conditions?.length > 0;

/** Messages within messages do not say their type in protobuf. */
function withoutInnerTypes(object: Loose): Loose {
  for (const template of (object["spec"]?.volumeClaimTemplates ?? []) as Loose[]) {
    delete template["kind"];
    delete template["apiVersion"];
  }
  return object;
}

/** Subresources that carry streams need a node: the scenario with pods runs them. */
export const isStream = (subresource: string): boolean =>
  ["attach", "exec", "log", "portforward", "proxy"].includes(subresource);

const shown = ({ code, text }: Answer): string => `${code} ${text.slice(0, 500)}`;
