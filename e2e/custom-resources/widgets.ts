import { definition, integer, list, type Loose, named, object, text } from "./stage.ts";

export const WIDGETS = "/apis/example.com/v1/namespaces/default/widgets";

/** Everything a CRD can ask for in one version: columns, short names, categories, scale, rules, defaults. */
export const WIDGET_CRD = definition("widgets", "Widget", {
  names: {
    plural: "widgets",
    singular: "widget",
    kind: "Widget",
    listKind: "WidgetList",
    shortNames: ["wd"],
    categories: ["all", "gadgets"],
  },
  versions: [
    {
      name: "v1",
      served: true,
      storage: true,
      subresources: {
        status: {},
        scale: {
          specReplicasPath: ".spec.replicas",
          statusReplicasPath: ".status.replicas",
          labelSelectorPath: ".status.selector",
        },
      },
      selectableFields: [{ jsonPath: ".spec.color" }],
      additionalPrinterColumns: [
        { name: "Color", type: "string", jsonPath: ".spec.color" },
        { name: "Replicas", type: "integer", jsonPath: ".spec.replicas" },
        { name: "Note", type: "string", jsonPath: ".spec.note", priority: 1 },
      ],
      schema: {
        openAPIV3Schema: object(
          {
            spec: object(
              {
                color: text({ description: "The color it has.", enum: ["red", "green", "blue", "black"] }),
                replicas: integer({ minimum: 0, default: 1 }),
                max: integer(),
                note: text({ maxLength: 20 }),
                tags: list(text(), { "x-kubernetes-list-type": "set" }),
                parts: named(
                  { count: integer({ default: 1, description: "How many of that part." }) },
                  { description: "The parts it is made of." },
                ),
              },
              {
                description: "What is wanted.",
                required: ["color"],
                "x-kubernetes-validations": [
                  { rule: "!has(self.max) || self.replicas <= self.max", message: "replicas must not exceed max" },
                  { rule: "self.color == oldSelf.color || self.color != 'black'", message: "nothing turns black" },
                ],
              },
            ),
            status: object({ replicas: integer(), selector: text(), phase: text() }),
          },
          { description: "Widget is a thing with a color.", required: ["spec"] },
        ),
      },
    },
  ],
});

export const widget = (name: string, spec: Loose = {}, metadata: Loose = {}): Loose => ({
  apiVersion: "example.com/v1",
  kind: "Widget",
  metadata: { name, ...metadata },
  spec: { color: "red", ...spec },
});
