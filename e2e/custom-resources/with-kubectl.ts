import assert from "node:assert/strict";
import { it } from "node:test";
import { CRDS, isTrue, type Stage } from "./stage.ts";
import { WIDGET_CRD, WIDGETS, widget } from "./widgets.ts";

/** What an administrator does with kubectl from the definition of a kind to its end. Leaves no definition behind. */
export function withKubectl(stage: () => Stage): void {
  const kubectl = async (args: string, input?: string | object): Promise<string> => await stage().kubectl(args, input);
  const refusal = async (args: string, input?: string | object): Promise<string> => await stage().refusal(args, input);
  const field = async (path: string): Promise<string> => await kubectl(`get widget a -o jsonpath={${path}}`);

  it("names and explains a new kind as soon as it is established", async () => {
    assert.match(await kubectl("apply -f -", WIDGET_CRD), /widgets.example.com created/);
    await kubectl("wait --for=condition=Established crd/widgets.example.com");
    assert.match(
      await kubectl("api-resources --api-group example.com -o wide"),
      /^widgets +wd +example.com\/v1 +true/m,
    );
    assert.match(await kubectl("explain widget"), /Widget is a thing with a color\./);
    assert.match(await kubectl("explain wd.spec.parts.count"), /How many of that part\./);
    const fields = await kubectl("explain widget --recursive");
    for (const name of ["parts", "count", "ownerReferences", "phase"])
      assert.match(fields, new RegExp(`^ +${name}\t`, "m"));
  });

  it("creates objects with defaults, and refuses or drops fields that nobody defined", async () => {
    const junk = widget("a", { note: "hi", parts: [{ name: "x" }], junk: 1 });
    // kubectl below 1.27 looks at the schema itself.
    assert.match(await refusal("create -f -", junk), /unknown field "?(spec\.)?junk|ValidationError/);
    assert.match(await kubectl("create --validate=false -f -", junk), /widget.example.com\/a created/);
    assert.equal(await field(".spec"), '{"color":"red","note":"hi","parts":[{"count":1,"name":"x"}],"replicas":1}');
    const path = `${WIDGETS}?dryRun=All&fieldValidation=Warn`;
    const { code, body } = await stage().request("POST", path, widget("w", { junk: 1 }));
    assert.equal(code, 201);
    assert.equal("junk" in body["spec"], false);
  });

  it("prints its columns, and finds objects by short name, category and field", async () => {
    assert.match(await kubectl("get wd"), /^NAME +COLOR +REPLICAS\na +red +1\n$/);
    assert.match(await kubectl("get wd -o wide"), /^NAME +COLOR +REPLICAS +NOTE\na +red +1 +hi\n$/);
    assert.match(await kubectl("get all"), /^widget.example.com\/a /m);
    assert.match(await kubectl("get gadgets"), /^a /m);
    assert.match(await kubectl("get wd --field-selector spec.color=red"), /^a /m);
    assert.match(await kubectl("get wd --field-selector spec.color!=red"), /No resources found/);
    assert.match(await refusal("get wd --field-selector spec.note=hi"), /field label not supported: spec.note/);
    assert.match(await kubectl("describe wd a"), /Color: +red\n/);
  });

  it("says all that is wrong with an object", async () => {
    const wrong = widget("b", { color: "pink", note: "n".repeat(21), parts: [{ name: "x" }, { name: "x" }] });
    const said = await refusal("create --validate=false -f -", wrong);
    assert.match(said, /The Widget "b" is invalid/);
    assert.match(said, /spec\.color: Unsupported value: "pink": supported values: "red", "green", "blue", "black"/);
    assert.match(said, /spec\.note: Too long: may not be more than 20 bytes/);
    assert.match(said, /spec\.parts\[1\]: Duplicate value/);
    assert.match(
      await refusal("create -f -", widget("b", { replicas: 3, max: 2 })),
      /spec: Invalid value: .*: replicas must not exceed max/,
    );
  });

  it("patches, scales and edits", async () => {
    await kubectl(`patch wd a --type=merge -p '{"spec":{"replicas":2}}'`);
    await kubectl(`patch wd a --type=json -p '[{"op":"add","path":"/spec/tags","value":["t"]}]'`);
    assert.match(
      await refusal(`patch wd a --type=json -p '[{"op":"test","path":"/spec/replicas","value":9}]'`),
      /The request is invalid/,
    );
    assert.match(await refusal(`patch wd a --type=merge -p '{"spec":{"color":"black"}}'`), /nothing turns black/);
    assert.match(
      await refusal(`patch wd a --type=strategic -p '{"spec":{}}'`),
      /unknown format - accepted media types include: application\/json-patch\+json, application\/merge-patch/,
    );
    assert.match(await kubectl("scale wd a --replicas=4"), /scaled/);
    const edit = await stage().kubectl("edit wd a", undefined, { KUBE_EDITOR: "sed -i s/hi/edited/" });
    assert.match(edit, /edited/);
    const { spec, metadata } = await stage().done("GET", `${WIDGETS}/a`);
    assert.deepEqual([spec.replicas, spec.tags, spec.note, metadata.generation], [4, ["t"], "edited", 5]);
  });

  it("keeps spec and status apart, and makes the scale of both", async () => {
    const status = { replicas: 3, selector: "app=a", phase: "Ready" };
    const { spec, metadata } = await stage().merge(`${WIDGETS}/a/status`, { status, spec: { color: "blue" } });
    assert.deepEqual([spec.color, metadata.generation], ["red", 5]);
    const main = await stage().merge(`${WIDGETS}/a`, { status: { phase: "Lost" } });
    assert.equal(main["status"].phase, "Ready");
    const scale = await stage().done("GET", `${WIDGETS}/a/scale`);
    assert.deepEqual(
      [scale["apiVersion"], scale["spec"], scale["status"]],
      ["autoscaling/v1", { replicas: 4 }, { replicas: 3, selector: "app=a" }],
    );
  });

  it("applies, from the client and from the server, with conflicts", async () => {
    assert.match(await kubectl("apply -f -", widget("c", { note: "n" })), /created/);
    assert.match(await kubectl("apply -f -", widget("c", { note: "n" })), /unchanged/);
    assert.match(await kubectl("apply -f -", widget("c", { tags: ["t"] })), /configured/);
    assert.equal("note" in (await stage().done("GET", `${WIDGETS}/c`))["spec"], false);
    const ours = widget("s", { parts: [{ name: "x", count: 2 }] });
    assert.match(await kubectl("apply --server-side -f -", ours), /serverside-applied/);
    const theirs = widget("s", { color: "blue", parts: [{ name: "y" }] });
    assert.match(
      await refusal("apply --server-side --field-manager=other -f -", theirs),
      /Apply failed with 1 conflict: conflict with "kubectl".*: \.spec\.color/,
    );
    await kubectl("apply --server-side --field-manager=other --force-conflicts -f -", theirs);
    const { spec } = await stage().done("GET", `${WIDGETS}/s`);
    assert.deepEqual([spec.color, spec.parts.map((each: { name: string }) => each.name)], ["blue", ["x", "y"]]);
    await kubectl("delete wd c s");
  });

  it("watches, as rows too", async () => {
    const watching = kubectl("get wd --watch --request-timeout=1s").catch((err: { stdout: string }) => err.stdout);
    const { resourceVersion } = (await stage().done("GET", WIDGETS))["metadata"];
    await stage().done("POST", WIDGETS, widget("seen"));
    await stage().merge(`${WIDGETS}/seen`, { spec: { color: "blue" } });
    await stage().done("DELETE", `${WIDGETS}/seen`);
    const events = await stage().events(`${WIDGETS}?watch=1&resourceVersion=${resourceVersion}`, 3);
    assert.deepEqual(
      events.map(({ type, object }) => [type, object["metadata"].name, object["spec"].color]),
      [
        ["ADDED", "seen", "red"],
        ["MODIFIED", "seen", "blue"],
        ["DELETED", "seen", "blue"],
      ],
    );
    const selected = `${WIDGETS}?watch=1&resourceVersion=${resourceVersion}&fieldSelector=spec.color%3Dblue`;
    assert.deepEqual(
      (await stage().events(selected, 2)).map(({ type }) => type),
      ["ADDED", "DELETED"],
    );
    assert.match(await watching, /^a +red +4/m);
  });

  it("keeps a deleted definition until finalizers let its last object go", async () => {
    await stage().merge(`${WIDGETS}/a`, { metadata: { finalizers: ["example.com/held"] } });
    await kubectl("delete crd widgets.example.com --wait=false");
    await stage().eventually("Terminating", async () =>
      isTrue((await stage().get(`${CRDS}/widgets.example.com`)).body, "Terminating"),
    );
    assert.match(
      await refusal("create -f -", widget("late")),
      /create not allowed while custom resource definition is terminating/,
    );
    await stage().eventually("a deleted", async () => field(".metadata.deletionTimestamp"));
    await stage().merge(`${WIDGETS}/a`, { metadata: { finalizers: null } });
    await stage().eventually("the definition gone", () => stage().isGone(`${CRDS}/widgets.example.com`));
    assert.match(await refusal("get widgets.example.com"), /doesn't have a resource type|could not find the requested/);
    assert.equal(await stage().isGone("/apis/example.com"), true);
  });
}
