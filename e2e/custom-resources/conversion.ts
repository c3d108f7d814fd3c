import type { TestContext } from "node:test";
import { startTestWebhook, type TestWebhook } from "#pkg/apiserver/webhook/testing.ts";
import { definition, integer, type Loose, object, text } from "./stage.ts";

export const NAME = "gauges.example.com";
export const VERSIONS = ["v1alpha1", "v1beta1", "v1"] as const;
export type Version = (typeof VERSIONS)[number];

export const gauges = (version: Version, name = ""): string =>
  `/apis/example.com/${version}/namespaces/default/gauges${name === "" ? "" : `/${name}`}`;

export const gauge = (version: Version, name: string, spec: Loose): Loose => ({
  apiVersion: `example.com/${version}`,
  kind: "Gauge",
  metadata: { name },
  spec,
});

const SPECS: Record<Version, Loose> = {
  v1alpha1: object({ text: text() }),
  v1beta1: object({ reading: text() }),
  v1: object({ value: integer(), unit: text({ default: "m" }) }),
};

/** A kind of three versions that say the same in different fields; `conversion` is what the webhook is asked by. */
export function gaugeCrd(
  storage: Version,
  clientConfig: object,
  versions: readonly Version[] = VERSIONS,
): Loose & { metadata: { name: string } } {
  return definition("gauges", "Gauge", {
    versions: versions.map((name) => ({
      name,
      served: true,
      storage: name === storage,
      schema: { openAPIV3Schema: object({ spec: SPECS[name] }) },
    })),
    conversion: { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } },
  });
}

/** "5m", however a version says it. */
function meaning({ text, reading, value, unit }: Loose): string {
  return text ?? reading ?? `${value}${unit}`;
}

function specOf(said: string, version: Version): Loose {
  if (version === "v1alpha1") return { text: said };
  if (version === "v1beta1") return { reading: said };
  return { value: Number.parseInt(said, 10), unit: said.replace(/^\d+/, "") };
}

/** The webhook, on TLS in this process. Ends with the test. */
export async function startConversion(t: Pick<TestContext, "after">): Promise<TestWebhook> {
  return await startTestWebhook(t, ({ kind, apiVersion, request }: Loose) => ({
    kind,
    apiVersion,
    response: {
      uid: request.uid,
      result: { status: "Success" },
      convertedObjects: request.objects.map((each: Loose) => ({
        ...each,
        apiVersion: request.desiredAPIVersion,
        spec: specOf(meaning(each["spec"]), request.desiredAPIVersion.split("/")[1]),
      })),
    },
  }));
}
