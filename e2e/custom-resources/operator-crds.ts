// Definitions in the style of well-known operators: schemas of hundreds of fields, templates of pods, rules with bounds.
import { definition, integer, list, type Loose, named, object, text } from "./stage.ts";

const KEEP = { "x-kubernetes-preserve-unknown-fields": true };
const MAP_OF_TEXT = { type: "object", additionalProperties: text() };
const INT_OR_STRING: Loose = { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] };
const QUANTITY: Loose = {
  ...INT_OR_STRING,
  pattern: String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`,
};
const described = (what: string, schema: Loose): Loose => ({ description: `${what}. `.repeat(4).trim(), ...schema });
const CONDITIONS = list(
  object(
    {
      type: text({ maxLength: 316, pattern: "^[A-Za-z0-9.]+$" }),
      status: text({ enum: ["True", "False", "Unknown"] }),
      lastTransitionTime: text({ format: "date-time" }),
      observedGeneration: integer({ format: "int64", minimum: 0 }),
      message: text({ maxLength: 32768 }),
    },
    { required: ["type", "status"] },
  ),
  { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] },
);

const version = (schema: Loose, more: Loose = {}): Loose => ({
  name: "v1",
  served: true,
  storage: true,
  subresources: { status: {} },
  schema: { openAPIV3Schema: schema },
  ...more,
});

const RESOURCES = object({
  limits: { type: "object", additionalProperties: QUANTITY },
  requests: { type: "object", additionalProperties: QUANTITY },
});

const probe = (): Loose =>
  object({
    httpGet: object({ path: text(), port: INT_OR_STRING, scheme: text() }, { required: ["port"] }),
    tcpSocket: object({ port: INT_OR_STRING }, { required: ["port"] }),
    exec: object({ command: list(text()) }),
    periodSeconds: integer({ format: "int32" }),
  });

/** As schemas made of Go types have it: the fields of a container once more wherever containers stand. */
const container = (): Loose => ({
  image: described("Container image name", text()),
  command: described("Entrypoint array", list(text(), { "x-kubernetes-list-type": "atomic" })),
  env: named({
    value: text(),
    valueFrom: object({ secretKeyRef: object({ key: text(), name: text() }, { required: ["key"] }) }),
  }),
  ports: list(
    object(
      { containerPort: integer({ format: "int32" }), name: text(), protocol: text({ default: "TCP" }) },
      { required: ["containerPort"] },
    ),
    { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["containerPort", "protocol"] },
  ),
  livenessProbe: described("Periodic probe of container liveness", probe()),
  readinessProbe: described("Periodic probe of container readiness", probe()),
  startupProbe: described("StartupProbe indicates that the Pod has initialized", probe()),
  resources: described("Compute Resources required by this container", RESOURCES),
});

/** As a monitoring operator has it. */
export const MONITOR_CRD = definition("monitors", "Monitor", {
  versions: [
    version(
      object(
        {
          spec: object(
            {
              replicas: integer({ format: "int32", default: 2 }),
              retention: text({ default: "24h", pattern: "^(0|(([0-9]+)y)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?)$" }),
              storage: object({
                volumeClaimTemplate: object({ metadata: object({ labels: MAP_OF_TEXT }), spec: object({}, KEEP) }),
              }),
              containers: named(container()),
              initContainers: named(container()),
              sidecars: named(container()),
              resources: RESOURCES,
              maxUnavailable: INT_OR_STRING,
              podTemplate: object({}, KEEP),
            },
            { required: ["replicas"] },
          ),
          status: object({ conditions: CONDITIONS }),
        },
        { required: ["spec"] },
      ),
    ),
  ],
});

/** As a gateway has it: rules across items, whose cost is bounded by the sizes that the schema allows. */
export const GATE_CRD = definition("gates", "Gate", {
  versions: [
    version(
      object(
        {
          spec: object(
            {
              className: text({ minLength: 1, maxLength: 253 }),
              listeners: named(
                {
                  name: text({ minLength: 1, maxLength: 253, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }),
                  hostname: text({ maxLength: 253 }),
                  port: integer({ minimum: 1, maximum: 65535, format: "int32" }),
                  protocol: text({ maxLength: 255 }),
                  tls: object({ mode: text({ enum: ["Terminate", "Passthrough"], default: "Terminate" }) }),
                },
                {
                  minItems: 1,
                  maxItems: 64,
                  "x-kubernetes-validations": [
                    {
                      message: "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
                      rule: "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
                    },
                    {
                      message: "Combination of port, protocol and hostname must be unique for each listener",
                      rule: "self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))",
                    },
                  ],
                },
              ),
            },
            {
              required: ["className", "listeners"],
              "x-kubernetes-validations": [
                { rule: "self.className == oldSelf.className", message: "className is immutable" },
              ],
            },
          ),
          status: object({ conditions: CONDITIONS }),
        },
        { required: ["spec"] },
      ),
    ),
  ],
});

/** A rule over a list without bounds: its estimated cost is too high to be let in. */
export const UNBOUNDED_CRD = definition("unbounded", "Unbounded", {
  versions: [
    version(
      object({
        spec: object({
          words: list(text(), { "x-kubernetes-validations": [{ rule: "self.all(a, self.all(b, a == b || a != b))" }] }),
        }),
      }),
    ),
  ],
});

/** As a cluster or workflow operator has it: whole objects inside, and a tree of steps. */
export const FLEET_CRD = definition("fleets", "Fleet", {
  scope: "Cluster",
  versions: [
    version(
      object({
        spec: object({
          template: {
            ...object({ spec: object({ replicas: integer({ default: 1 }) }, KEEP) }, KEEP),
            "x-kubernetes-embedded-resource": true,
          },
          manifests: list({ type: "object", "x-kubernetes-embedded-resource": true, ...KEEP }),
          paused: { type: "boolean", default: false },
          step: [1, 2, 3, 4, 5, 6].reduce<Loose>(
            (inner) => object({ run: text(), retries: INT_OR_STRING, containers: named(container()), next: inner }),
            object({ run: text() }),
          ),
          anything: KEEP,
          nothing: text({ nullable: true }),
        }),
        status: object({}, KEEP),
      }),
    ),
  ],
});
