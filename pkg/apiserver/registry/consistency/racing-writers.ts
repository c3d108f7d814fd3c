/** For tests: clients that write the same few objects by every verb at once, each write marked. */
import assert from "node:assert/strict";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { PatchType, Transport } from "#pkg/client/types.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { managerKey, type WriteOp } from "./ownership-model.ts";

export type Obj = KubeObject & Record<string, any>; // oxlint-disable-line no-explicit-any -- several kinds

const OPERATIONS = 60;
const SEED = 25;

export const KINDS = [
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    path: (ns: string) => `/api/v1/namespaces/${ns}/configmaps`,
    all: "/api/v1/configmaps",
  },
  {
    apiVersion: "stable.example.com/v1",
    kind: "Widget",
    path: (ns: string) => `/apis/stable.example.com/v1/namespaces/${ns}/widgets`,
    all: "/apis/stable.example.com/v1/widgets",
  },
];
export type Kind = (typeof KINDS)[number];

/** Always the same numbers (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const some = <T>(below: (n: number) => number, all: readonly T[]): T[] => all.filter(() => below(2) === 0);

/** What a writer wants an object to be, marked as its write. */
function content(kind: Kind, below: (n: number) => number, mark: object): object {
  const labels = Object.fromEntries(some(below, ["l0", "l1", "pick"]).map((key) => [key, `v${below(2)}`]));
  // A map or list that is there and empty is something else than none.
  const maybe = <T extends object>(part: T): Partial<T> => (below(3) > 0 ? part : {});
  const metadata = { ...maybe({ labels }), annotations: mark };
  if (kind.kind === "ConfigMap") {
    const data = Object.fromEntries(some(below, ["a", "b", "c"]).map((key) => [key, `v${below(3)}`]));
    return { metadata, ...maybe({ data }) };
  }
  return {
    metadata,
    spec: {
      ...maybe({ count: below(3) }),
      ...maybe({ items: some(below, ["a", "b", "c"]).map((name) => ({ name, ...maybe({ value: below(2) }) })) }),
      ...maybe({ tags: some(below, ["x", "y", "z"]) }),
    },
  };
}

/** What one writer did, by the mark that its write left. */
export interface Sent extends WriteOp {
  /** resourceVersion of the answer; undefined when it was refused. */
  answer?: string;
}

/** Writes of one client, one after the other. */
export async function write(
  transport: Transport,
  id: number,
  ops: Map<string, Sent>,
  note: { deleted: number },
): Promise<void> {
  const below = numbers(SEED * 1_000 + id);
  const manager = `m${id % 3}`;
  for (let i = 0; i < OPERATIONS; i++) {
    const kind = KINDS[below(KINDS.length)] as Kind;
    const collection = kind.path(`n${below(2)}`);
    const path = `${collection}/o${below(2)}`;
    const name = path.slice(collection.length + 1);
    const mark = `${id}-${i}`;
    const put = (by: WriteOp): Sent => {
      ops.set(mark, by);
      return by;
    };
    const send = async (
      op: Sent,
      method: string,
      at: string,
      body: object,
      type?: PatchType,
      query = {},
    ): Promise<void> => {
      const answer = await transport.request({
        method,
        path: at,
        body,
        query: { fieldManager: manager, ...query },
        ...(type === undefined ? {} : { contentType: type }),
      } as Parameters<Transport["request"]>[0]);
      op.answer = (answer as Obj).metadata.resourceVersion as string;
    };
    const whole = (marks: object): Obj => {
      const { metadata, ...rest } = content(kind, below, marks) as Obj;
      return {
        apiVersion: kind.apiVersion,
        kind: kind.kind,
        metadata: { ...metadata, name },
        ...rest,
      } as unknown as Obj;
    };
    const marks = { [`op-${manager}`]: mark };
    const updater = managerKey(manager, "Update");
    try {
      switch (below(8)) {
        case 0:
          await send(put({ by: updater }), "POST", collection, whole(marks));
          break;
        case 1: {
          const old = (await transport.request({ method: "GET", path })) as Obj;
          const now = {
            ...whole(marks),
            metadata: { ...whole(marks).metadata, resourceVersion: old.metadata.resourceVersion },
          };
          await send(put({ by: updater }), "PUT", path, now);
          break;
        }
        case 2:
          if (kind.kind !== "ConfigMap") break;
          await send(put({ by: updater }), "PUT", path, whole(marks));
          break;
        case 3:
          await send(put({ by: updater }), "PATCH", path, content(kind, below, marks), "application/merge-patch+json");
          break;
        case 4: {
          const finalizers = below(2) === 0 ? ["example.com/hold"] : null;
          const body = { metadata: { finalizers, annotations: marks } };
          await send(put({ by: updater }), "PATCH", path, body, "application/merge-patch+json");
          break;
        }
        case 5: {
          if (kind.kind === "ConfigMap") break;
          const body = { spec: { count: 99 }, status: { mark, [`s${below(3)}`]: below(3) } };
          const by = managerKey(manager, "Update", "status");
          await send(put({ by }), "PATCH", `${path}/status`, body, "application/merge-patch+json");
          break;
        }
        case 6: {
          const answer = (await transport.request({ method: "DELETE", path })) as Obj;
          if (answer.kind === "Status") note.deleted++;
          break;
        }
        default: {
          const config = whole({ [`apply-${manager}`]: mark });
          const force = below(3) > 0;
          const op = put({ by: managerKey(manager, "Apply"), config, force });
          await send(op, "PATCH", path, config, "application/apply-patch+yaml", { force });
        }
      }
    } catch (err) {
      assert.ok(err instanceof ApiError && [404, 409, 422].includes(err.code), String(err));
      if (err.code === 422) assert.match(err.message, /no new finalizers can be added/);
    }
  }
}
