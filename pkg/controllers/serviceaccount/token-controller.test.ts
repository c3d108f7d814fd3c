import { describe, it } from "node:test";
import { secrets, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { startControllers } from "../testing.ts";

describe("TokenController", () => {
  it("fills token Secrets and deletes them with their account", async (t) => {
    const { client, eventually } = await startControllers(t, ["serviceaccount-token-controller"], {
      rootCa: "PEM",
      signToken: async ({ account, secret }) => `token of ${account.metadata.name} in ${secret.metadata.name}`,
    });
    const robot = { namespace: "default", name: "robot" };
    const account = await client.create(serviceaccounts, { metadata: robot });
    const at = { namespace: "default", name: "robot-token" };
    await client.create(secrets, {
      metadata: { ...at, annotations: { "kubernetes.io/service-account.name": "robot" } },
      type: "kubernetes.io/service-account-token",
    });
    await eventually("the token", async () => {
      const { data, metadata } = await client.get(secrets, at);
      const text = (key: string): string => Buffer.from(data?.[key] ?? "", "base64").toString();
      return (
        text("token") === "token of robot in robot-token" &&
        text("ca.crt") === "PEM" &&
        text("namespace") === "default" &&
        metadata.annotations?.["kubernetes.io/service-account.uid"] === account.metadata.uid
      );
    });
    await client.delete(serviceaccounts, robot);
    await eventually("its end", async () => {
      const left = (await client.list(secrets, { namespace: "default" })).items;
      return left.every(({ metadata }) => metadata.name !== at.name);
    });
  });
});
