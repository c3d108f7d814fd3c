// What a pod says of its system: Windows options, what the other system has alone, stop signals. A line for each finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "../testing.ts";

type Loose = Record<string, unknown>;
const container = (more: Loose = {}): Loose => ({ name: "c", image: "i", ...more });
const pod = (spec: Loose, ...containers: Loose[]): Loose => ({
  spec: { containers: containers.length === 0 ? [container()] : containers, ...spec },
});
const asUser = (runAsUserName: string): Loose => pod({ securityContext: { windowsOptions: { runAsUserName } } });
const stoppedBy = (stopSignal: string, spec: Loose): Loose => pod(spec, container({ lifecycle: { stopSignal } }));
const rules = new KindRules("/pods");
const USER = "spec.securityContext.windowsOptions.runAsUserName: Invalid value:";
const HOST = { windowsOptions: { hostProcess: true } };

describe("a pod is refused for", () => {
  const cases: [string, Loose, string[]][] = [
    ["no name of a system", pod({ os: {} }), ["spec.os.name: Required value: cannot be empty"]],
    [
      "a system that is none",
      pod({ os: { name: "plan9" } }),
      ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
    ],
    [
      "Windows options on Linux",
      pod(
        { os: { name: "linux" }, securityContext: { windowsOptions: {} } },
        container({ securityContext: { windowsOptions: {} } }),
      ),
      [
        "spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
        "spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
      ],
    ],
    [
      "what Windows has not",
      pod(
        {
          os: { name: "windows" },
          securityContext: { fsGroup: 1, runAsUser: 0, sysctls: [{ name: "a.b", value: "1" }] },
          hostPID: true,
          hostUsers: true,
          shareProcessNamespace: false,
          initContainers: [{ ...container(), name: "init", securityContext: { privileged: false } }],
        },
        container({ securityContext: { capabilities: { drop: ["ALL"] }, runAsGroup: 1 } }),
      ),
      [
        "securityContext.fsGroup",
        "securityContext.sysctls",
        "securityContext.runAsUser",
        "hostUsers",
        "hostPID",
        "shareProcessNamespace",
        "initContainers[0].securityContext.privileged",
        "containers[0].securityContext.capabilities",
        "containers[0].securityContext.runAsGroup",
      ].map((field) => `spec.${field}: Forbidden: cannot be set for a windows pod`),
    ],
    ["nothing, as a domain's user", asUser("example.com\\admin"), []],
    ["an empty user", asUser(""), [`${USER} "": runAsUserName cannot be an empty string`]],
    [
      "a user of control characters",
      asUser("a\tb"),
      [`${USER} "a\\tb": runAsUserName cannot contain control characters`],
    ],
    ["two domains", asUser("a\\b\\c"), [`${USER} "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash`]],
    [
      "a domain that is none",
      asUser(".x\\u"),
      [`${USER} ".x\\\\u": runAsUserName's Domain doesn't match the NetBios nor the DNS format`],
    ],
    ["a domain's nobody", asUser("d\\"), [`${USER} "d\\\\": runAsUserName's User cannot be empty`]],
    ["a user of dots", asUser(". ."), [`${USER} ". .": runAsUserName's User cannot contain only periods or spaces`]],
    [
      "a user at a host",
      asUser("u@h"),
      [`${USER} "u@h": runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`],
    ],
    [
      "credentials that are none",
      pod(
        {},
        container({ securityContext: { windowsOptions: { gmsaCredentialSpecName: "A", gmsaCredentialSpec: "" } } }),
      ),
      [
        "spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
      ],
    ],
    [
      "one process of the host among others",
      pod({}, container({ securityContext: HOST }), { ...container(), name: "d" }),
      [
        'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
        "spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers",
      ],
    ],
    [
      "a container that is no process of the host in a pod of such",
      pod(
        { hostNetwork: true, securityContext: HOST },
        container({ securityContext: { windowsOptions: { hostProcess: false } } }),
      ),
      [
        "spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true",
      ],
    ],
    ["nothing, as processes of the host", pod({ hostNetwork: true, securityContext: HOST }), []],
    [
      "a stop signal for any system",
      stoppedBy("SIGTERM", {}),
      ["spec.containers[0].lifecycle.stopSignal: Forbidden: may not be set for containers with empty `spec.os.name`"],
    ],
    [
      "a stop signal that Windows has not",
      stoppedBy("SIGUSR1", { os: { name: "windows" } }),
      ['spec.containers[0].lifecycle.stopSignal: Unsupported value: "SIGUSR1": supported values: "SIGKILL", "SIGTERM"'],
    ],
    ["nothing, with a signal of real time", stoppedBy("SIGRTMAX-14", { os: { name: "linux" } }), []],
    [
      "a whole /proc beside the host's users",
      pod({}, container({ securityContext: { procMount: "Unmasked" } })),
      [
        'spec.containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
      ],
    ],
  ];
  for (const [name, object, expected] of cases) it(name, () => assert.deepEqual(rules.creating(object), expected));

  it("a stop signal that Linux has not", () => {
    const [finding, ...more] = rules.creating(stoppedBy("SIGRTMIN+16", { os: { name: "linux" } }));
    assert.deepEqual(more, []);
    assert.match(
      finding ?? "",
      /stopSignal: Unsupported value: "SIGRTMIN\+16": supported values: "SIGABRT", "SIGALRM"/,
    );
    assert.equal(finding?.match(/"SIG/g)?.length, 66);
  });
});
