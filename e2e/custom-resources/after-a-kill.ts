import assert from "node:assert/strict";
import { it } from "node:test";
import { gauge, gauges } from "./conversion.ts";
import { CRDS, definition, integer, type Loose, object, type Stage } from "./stage.ts";
import { WIDGETS, widget } from "./widgets.ts";

const MANY = 60;
const AT_ONCE = 8;
const GROUPS = 10;

const groupOf = (i: number): string => `g${i % GROUPS}.many.example.com`;
const nameOf = (i: number): string => `things${i}.${groupOf(i)}`;
const things = (i: number): string => `/apis/${groupOf(i)}/v1/namespaces/default/things${i}`;

const thing = (i: number): Loose => ({
  apiVersion: `${groupOf(i)}/v1`,
  kind: `Thing${i}`,
  metadata: { name: "one" },
});

function thingCrd(i: number): Loose & { metadata: { name: string } } {
  const schema = object({ spec: object({ size: integer({ default: i }) }, { default: {} }) });
  const crd = definition(`things${i}`, `Thing${i}`, {
    group: groupOf(i),
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  });
  return { ...crd, metadata: { name: nameOf(i) } };
}

async function forMany(work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < MANY) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Needs the definitions of widgets and gauges; takes everything away. */
export function afterAKill(stage: () => Stage): void {
  const published = async (): Promise<void> => {
    const groups = (await stage().done("GET", "/apis"))["groups"].map((each: Loose) => each["name"]);
    const { paths } = await stage().done("GET", "/openapi/v3");
    const { definitions } = await stage().done("GET", "/openapi/v2");
    for (let i = 0; i < MANY; i++) {
      assert.ok(groups.includes(groupOf(i)), groupOf(i));
      assert.ok(`apis/${groupOf(i)}/v1` in paths);
      assert.ok(`com.example.many.g${i % GROUPS}.v1.Thing${i}` in definitions);
    }
    const { resources } = await stage().done("GET", `/apis/${groupOf(0)}/v1`);
    assert.deepEqual(
      resources.map((each: Loose) => each["name"]),
      Array.from({ length: MANY / GROUPS }, (_, i) => `things${i * GROUPS}`).sort(),
    );
  };

  it("publishes many definitions at once, and stores an object of each", async () => {
    await forMany((i) => stage().done("POST", CRDS, thingCrd(i)));
    await forMany((i) => stage().established(nameOf(i)));
    await published();
    await forMany((i) => stage().done("POST", things(i), thing(i)));
    for (let i = 0; i < MANY; i++) assert.equal((await stage().done("GET", `${things(i)}/one`))["spec"].size, i);
  });

  it("serves all of them from its first answer on, and its watches go on where they were", async () => {
    await stage().done("POST", WIDGETS, widget("kept", { note: "before" }));
    const from = (await stage().done("GET", WIDGETS))["metadata"].resourceVersion;
    const gaugesFrom = (await stage().done("GET", gauges("v1")))["metadata"].resourceVersion;
    const stop = new AbortController();
    const codes = new Set<string>();
    const asked = [`${WIDGETS}/kept`, gauges("v1alpha1", "a"), `${things(7)}/one`, "/apis/example.com/v1", "/readyz"];
    await stage().merge(`${WIDGETS}/kept`, { spec: { note: "last" } });
    await stage().killAndStart(async (raw) => {
      const ask = async (path: string): Promise<void> => {
        for (let answers = 0; answers < 20 && !stop.signal.aborted; ) {
          const answer = await raw.call(path).catch(() => undefined);
          if (answer === undefined) continue;
          answers++;
          codes.add(`${answer.code} ${path}`);
        }
      };
      await Promise.all(asked.map(ask));
    });
    assert.deepEqual([...codes].sort(), asked.map((path) => `200 ${path}`).sort());
    await published();
    const { items } = await stage().done("GET", WIDGETS);
    assert.deepEqual(
      items.map((each: Loose) => [each["metadata"].name, each["spec"].note]),
      [["kept", "last"]],
    );
    await stage().merge(`${WIDGETS}/kept`, { spec: { note: "after" } });
    const notes = (await stage().events(`${WIDGETS}?watch=1&resourceVersion=${from}`, 2)).map(({ type, object }) => [
      type,
      object["spec"].note,
    ]);
    assert.deepEqual(notes, [
      ["MODIFIED", "last"],
      ["MODIFIED", "after"],
    ]);
    await stage().done("POST", gauges("v1alpha1"), gauge("v1alpha1", "late", { text: "4m" }));
    const [event] = await stage().events(`${gauges("v1beta1")}?watch=1&resourceVersion=${gaugesFrom}`, 1);
    assert.deepEqual(event?.object["spec"], { reading: "4m" });
  });

  it("finishes what was begun when it was killed", async () => {
    const deleted = (i: number): boolean => i % 2 === 0;
    const acknowledged = new Set<number>();
    const begun = forMany(async (i) => {
      if (deleted(i)) await stage().done("DELETE", `${CRDS}/${nameOf(i)}`);
      else await stage().done("POST", CRDS, thingCrd(MANY + i));
      acknowledged.add(i);
    }).catch(() => undefined);
    await stage().eventually("some of them acknowledged", async () => acknowledged.size > MANY / 4);
    await stage().killAndStart(async () => begun);
    for (const i of acknowledged) {
      if (deleted(i)) await stage().eventually(`${nameOf(i)} gone`, () => stage().isGone(`${CRDS}/${nameOf(i)}`));
      else {
        await stage().established(nameOf(MANY + i));
        await stage().done("POST", things(MANY + i), thing(MANY + i));
      }
    }
    // Of deletes without an answer either is right.
    for (let i = 0; i < MANY; i++) if (!deleted(i)) assert.equal((await stage().get(`${things(i)}/one`)).code, 200);
  });

  it("lets all definitions go with their objects", async () => {
    const { items } = await stage().done("GET", CRDS);
    const names = items.map((each: Loose) => each["metadata"].name);
    assert.ok(names.includes("widgets.example.com") && names.includes("gauges.example.com"));
    await Promise.all(names.map((name: string) => stage().request("DELETE", `${CRDS}/${name}`)));
    await stage().eventually("no definition left", async () => (await stage().done("GET", CRDS))["items"].length === 0);
    const groups = (await stage().done("GET", "/apis"))["groups"].map((each: Loose) => each["name"]);
    assert.deepEqual(
      groups.filter((name: string) => name.endsWith("example.com")),
      [],
    );
  });
}
