// CustomResourceDefinitions as clusters use them: from kubectl, under the controllers, with versions, many, over a kill.
import { after, before, describe } from "node:test";
import type { TestWebhook } from "#pkg/apiserver/webhook/testing.ts";
import { afterAKill } from "./after-a-kill.ts";
import { startConversion } from "./conversion.ts";
import { Stage } from "./stage.ts";
import { withControllers } from "./with-controllers.ts";
import { withKubectl } from "./with-kubectl.ts";
import { withOperators } from "./with-operators.ts";
import { withVersions } from "./with-versions.ts";

describe("custom resources", () => {
  let stage: Stage;
  let webhook: TestWebhook;
  const ends: (() => void)[] = [];
  const staged = (): Stage => stage;
  before(async () => {
    stage = await Stage.open();
    // A hook's own context ends with the hook.
    webhook = await startConversion({ after: (end) => void ends.push(end as () => void) });
  });
  after(async () => {
    for (const end of ends) end();
    await stage.close();
  });

  describe("with kubectl", () => withKubectl(staged));
  describe("under the controllers", () => withControllers(staged));
  describe("of operators", () => withOperators(staged));
  describe("in several versions", () => withVersions(staged, () => webhook.clientConfig("/convert")));
  describe("after a kill", () => afterAKill(staged));
});
