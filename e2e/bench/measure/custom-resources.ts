import { withTimeout } from "#pkg/async/index.ts";
import type { Api } from "../api.ts";
import { Arrivals, follow } from "../events.ts";
import { percentile, sendAll, timings } from "../load.ts";
import type { ApiMeasurement } from "../measurement.ts";
import { configMap } from "../objects.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TIMEOUT_MS = 120_000;
const AT_ONCE = 8;
const OBJECTS_OF_EACH = 10;
const PAIRS = 400;
const GROUPS = 50;
const FIELDS = 40;

/** Milliseconds that a create and a get take together, the median of many one after the other. */
async function pair(api: Api, ns: string, prefix: string): Promise<number> {
  const path = `/api/v1/namespaces/${ns}/configmaps`;
  const samples = await timings(PAIRS, async (i) => {
    await api.send(api.prepare("POST", path, configMap(ns, `${prefix}-${i}`)));
    await api.send(api.prepare("GET", `${path}/${prefix}-${i}`));
  });
  return percentile(samples, 0.5);
}

/** What hundreds of definitions cost: their own time, and everybody else's. */
export const customResources: ApiMeasurement = {
  name: "custom-resources",
  figures: ["crdsEstablished", "crdsBeside", "crdsGone"],
  run: async ({ api, namespace, count, run, signal }) => {
    const ns = await namespace();
    const total = count(500);
    const numbers = Array.from({ length: total }, (_, i) => i);
    await pair(api, ns, "warm");
    const alone = await pair(api, ns, "alone");
    const established = new Arrivals();
    const gone = new Arrivals();
    const watch = await follow(api, CRDS, ({ type, object: { metadata, status } }) => {
      if (!metadata.name.includes(run)) return;
      const isTrue = status?.conditions?.some((each) => each.type === "Established" && each.status === "True");
      if (type === "DELETED") gone.add(metadata.name);
      else if (isTrue === true) established.add(metadata.name);
    });
    let began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    const definitions = numbers.map((i) => api.prepare("POST", CRDS, definition(run, i)));
    await sendAll(api, definitions, AT_ONCE);
    await established.reach(total, withTimeout(TIMEOUT_MS, signal));
    const crdsEstablished = seconds();
    const objects = numbers.flatMap((i) =>
      Array.from({ length: OBJECTS_OF_EACH }, (_, n) =>
        api.prepare("POST", `/apis/${groupOf(run, i)}/v1/namespaces/${ns}/${pluralOf(i)}`, {
          metadata: { name: `o-${n}` },
          apiVersion: `${groupOf(run, i)}/v1`,
          kind: kindOf(i),
          spec: { size: n, field1: { name: "x", values: ["a"] } },
        }),
      ),
    );
    await sendAll(api, objects, AT_ONCE);
    const crdsBeside = (await pair(api, ns, "beside")) / alone;
    began = performance.now();
    const deletes = numbers.map((i) => api.prepare("DELETE", `${CRDS}/${pluralOf(i)}.${groupOf(run, i)}`));
    await sendAll(api, deletes, AT_ONCE);
    await gone.reach(total, withTimeout(TIMEOUT_MS, signal));
    watch.close();
    return { crdsEstablished, crdsBeside, crdsGone: seconds() };
  },
};

const groupOf = (run: string, i: number): string => `g${i % GROUPS}.${run}.example.com`;
const pluralOf = (i: number): string => `things${i}`;
const kindOf = (i: number): string => `Thing${i}`;

/** About 10 KB, as operators' definitions are or larger. */
function definition(run: string, i: number): object {
  const field = (n: number): object => ({
    type: "object",
    description: `Field ${n} of the thing, with a description of the usual length.`,
    properties: {
      name: { type: "string", maxLength: 64 },
      values: { type: "array", maxItems: 10, items: { type: "string", maxLength: 63 } },
    },
  });
  const fields = Array.from({ length: FIELDS }, (_, n) => [`field${n}`, field(n)] as const);
  const spec = {
    type: "object",
    required: ["size"],
    "x-kubernetes-validations": [{ rule: "self.size <= 100", message: "too big" }],
    properties: { size: { type: "integer", minimum: 0 }, ...Object.fromEntries(fields) },
  };
  const group = groupOf(run, i);
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${pluralOf(i)}.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: pluralOf(i), kind: kindOf(i) },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
        },
      ],
    },
  };
}
