// Rules of claims, classes and slices of devices, a line for each finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "../testing.ts";

type Loose = Record<string, unknown>;
const claim = (devices: Loose): Loose => ({ spec: { devices } });
const exactly = (more: Loose = {}): Loose => ({ name: "r", exactly: { deviceClassName: "c", ...more } });
const slice = (more: Loose): Loose => ({
  spec: { driver: "d", pool: { name: "p", resourceSliceCount: 1 }, nodeName: "n", ...more },
});
const CLAIM = "resource.k8s.io/resourceclaims";

describe("device kinds are refused for", () => {
  const cases: [string, Loose, string[]][] = [
    [CLAIM, claim({ requests: [exactly()] }), []],
    [
      CLAIM,
      claim({ requests: [{ name: "r" }, exactly({ allocationMode: "All", count: 2 })] }),
      [
        "spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required",
        'spec.devices.requests[1]: Duplicate value: "r"',
        "spec.devices.requests[1].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'",
      ],
    ],
    [
      CLAIM,
      claim({
        requests: [exactly({ selectors: [{}] })],
        constraints: [{ requests: ["x"], matchAttribute: "a" }],
        config: [{ opaque: { driver: "d", parameters: 1 } }],
      }),
      [
        "spec.devices.requests[0].exactly.selectors[0].cel: Required value",
        `spec.devices.constraints[0].requests[0]: Invalid value: "x": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
        'spec.devices.constraints[0].matchAttribute: Invalid value: "a": must include a domain',
        'spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
      ],
    ],
    [
      "resource.k8s.io/deviceclasses",
      {
        spec: {
          selectors: [
            { cel: { expression: 'device.driver == "d" && device.capacity["d"].size.isGreaterThan(quantity("1Gi"))' } },
            { cel: { expression: 'cel.bind(d, device.attributes["d"], d.fast && d.model.startsWith("x"))' } },
            { cel: { expression: 'device.attributes["d"].fast' } },
            { cel: { expression: "device.driver" } },
            { cel: { expression: "devices.all(d, true)" } },
          ],
        },
      },
      [
        'spec.selectors[3].cel.expression: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string',
        `spec.selectors[4].cel.expression: Invalid value: "devices.all(d, true)": compilation failed: ERROR: <input>:1:1: undeclared reference to 'devices' (in container '')\n | devices.all(d, true)\n | ^`,
      ],
    ],
    ["resource.k8s.io/deviceclasses", { spec: { config: [{}] } }, ["spec.config[0].opaque: Required value"]],
    ["resource.k8s.io/resourceslices", slice({}), []],
    [
      "resource.k8s.io/resourceslices",
      slice({ allNodes: true, devices: [{ name: "a", attributes: { x: {} } }, { name: "a" }] }),
      [
        'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
        "spec.devices[0].attributes[x]: Required value: exactly one value must be specified",
        'spec.devices[1].name: Duplicate value: "a"',
      ],
    ],
  ];
  for (const [key, object, expected] of cases)
    it(`${key} ${JSON.stringify(object).slice(0, 80)}`, async () =>
      assert.deepEqual((await new KindRules(key).ready()).creating(object), expected));
});

it("a claim is reserved only where it has devices", () => {
  const found = new KindRules(CLAIM).updatingStatus(claim({ requests: [exactly()] }), {
    reservedFor: [
      { resource: "pods", name: "p", uid: "u" },
      { resource: "pods", name: "", uid: "u" },
    ],
  });
  assert.deepEqual(found, [
    "status.reservedFor[1].name: Required value",
    'status.reservedFor[1].uid: Duplicate value: "u"',
    "status.reservedFor: Forbidden: may not be specified when `allocated` is not set",
  ]);
});
