import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { flowschemas, prioritylevelconfigurations } from "#pkg/api/types/flowcontrol-v1.ts";
import { createClient } from "#pkg/client/index.ts";
import { requestInfoOf } from "../request-info.ts";
import { startTestServer } from "../testing.ts";
import type { ObjectReader } from "../types.ts";
import { FlowController } from "./flow-controller.ts";
import { dealHand } from "./shuffle-shard.ts";
import type { Ticket } from "./ticket.ts";

const TOO_MANY = { code: 429, reason: "TooManyRequests" };
const NO_QUERY = new URLSearchParams();
const PODS = requestInfoOf("GET", "/api/v1/namespaces/a/pods/p", NO_QUERY);
const LONG_MS = 60_000;

describe("FlowController's seats", () => {
  let reader: ObjectReader;
  before(async () => {
    const test = await startTestServer();
    const client = createClient(test.transport);
    const level = (name: string, shares: number, over: object, response: object): Promise<unknown> =>
      client.create(prioritylevelconfigurations, {
        metadata: { name },
        spec: { type: "Limited", limited: { nominalConcurrencyShares: shares, limitResponse: response, ...over } },
      } as never);
    const queued = (queueLengthLimit: number): object => ({
      type: "Queue",
      queuing: { queues: 4, handSize: 1, queueLengthLimit },
    });
    // With catch-all's five these are twenty shares: each is a seat.
    await level("own", 2, { borrowingLimitPercent: 0 }, queued(2));
    await level("borrower", 1, {}, { type: "Reject" });
    await level("lender", 3, { lendablePercent: 100 }, { type: "Reject" });
    await level("rest", 9, {}, { type: "Reject" });
    for (const name of ["own", "borrower", "lender"])
      await client.create(flowschemas, {
        metadata: { name },
        spec: {
          priorityLevelConfiguration: { name },
          distinguisherMethod: { type: "ByUser" },
          rules: [
            {
              subjects: [{ kind: "Group", group: { name } }],
              resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"] }],
            },
          ],
        },
      });
    reader = test.server.reader;
    await test.close();
  });

  const controller = (): FlowController => new FlowController({ reader, seats: 20, count: () => 0 });
  const enter = (flow: FlowController, group: string, name = "u"): Ticket =>
    flow.enter({ name, groups: [group] }, PODS, NO_QUERY, performance.now());
  /** Starts requests until one must wait or is refused. */
  function fill(flow: FlowController, group: string): Ticket[] {
    const seated: Ticket[] = [];
    for (;;) {
      const ticket = enter(flow, group);
      try {
        const turn = flow.start(ticket, LONG_MS);
        if (turn === undefined) seated.push(ticket);
        else {
          turn.catch(() => undefined);
          flow.leave(ticket);
          return seated;
        }
      } catch {
        return seated;
      }
    }
  }

  it("go to those who wait when they are given back, to each flow in turn", async () => {
    const flow = controller();
    const seated = fill(flow, "own");
    assert.equal(seated.length, 2);
    const order: string[] = [];
    const wait = async (name: string): Promise<Ticket> => {
      const ticket = enter(flow, "own", name);
      await flow.start(ticket, LONG_MS);
      order.push(name);
      return ticket;
    };
    const hand = (name: string): string => dealHand(`own,${name}`, 4, 1).join();
    const other = ["a", "b", "c", "d", "e", "f"].find((name) => hand(name) !== hand("hot")) as string;
    const waiting = [wait("hot"), wait("hot"), wait(other)];
    await assert.rejects(wait("hot"), TOO_MANY);
    for (const ticket of seated) flow.leave(ticket);
    for (const each of waiting) flow.leave(await each);
    assert.equal(order[1], other, `${order.join()}: one of each first`);
    assert.ok([...flow.levels()].every((level) => level.isIdle));
  });

  it("are refused to those whose time is over, and to those who are gone", async () => {
    const flow = controller();
    fill(flow, "own");
    await assert.rejects(Promise.resolve(flow.start(enter(flow, "own"), 1)), TOO_MANY);
    const gone = enter(flow, "own");
    const turn = Promise.resolve(flow.start(gone, LONG_MS));
    flow.leave(gone);
    await assert.rejects(turn, TOO_MANY);
    const [stats] = [...flow.stats()].filter(({ schema }) => schema === "own");
    assert.deepEqual(
      [...(stats?.rejected ?? [])],
      [
        ["cancelled", 2],
        ["time-out", 1],
      ],
    );
  });

  it("are lent by levels that do not use them, and kept by those that do", () => {
    const flow = controller();
    assert.equal(fill(flow, "borrower").length, 1 + 3);
    // What is lent out comes back as its owner's own limit.
    assert.equal(fill(flow, "lender").length, 3);
    const busy = controller();
    fill(busy, "lender");
    assert.equal(fill(busy, "borrower").length, 1);
  });
});

describe("dealHand", () => {
  it("deals different queues, the same ones to the same flow", () => {
    const hands = Array.from({ length: 200 }, (_, i) => dealHand(`flow-${i}`, 16, 4));
    for (const hand of hands) {
      assert.equal(new Set(hand).size, 4);
      assert.ok(hand.every((index) => index >= 0 && index < 16));
    }
    assert.deepEqual(dealHand("flow-7", 16, 4), hands[7]);
    assert.equal(new Set(hands.flat()).size, 16);
  });
});
