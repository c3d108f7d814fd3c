import { isDeepStrictEqual } from "node:util";
import type { Answer, Call, RawClient } from "../bad-input/raw-client.ts";

// oxlint-disable-next-line no-explicit-any -- objects of every kind pass here
export type Loose = Record<string, any>;

/** What upstream answers so as well: the scale of an object that says nothing of replicas, revisions that are not there yet. */
const UPSTREAMS_OWN = /the spec replicas field .* does not exist|Timeout: Too large resource version/;

export interface Counts {
  requests: number;
  accepted: number;
  readBack: number;
  readonly codes: Record<string, number>;
}

/** One client's requests: counted, and each kind of wrong answer noted once. */
export class Session {
  readonly #client: RawClient;
  readonly #seed: number;
  readonly counts: Counts = { requests: 0, accepted: 0, readBack: 0, codes: {} };
  /** What went wrong, with the request that shows it. */
  readonly problems = new Map<string, string>();

  constructor(client: RawClient, seed: number) {
    this.#client = client;
    this.#seed = seed;
  }

  /** @param allowed codes from 500 up that are right for this request */
  async send(path: string, call: Call = {}, allowed: readonly number[] = []): Promise<Answer> {
    const answer = await this.#client.call(path, call);
    this.#count(answer.code);
    if (answer.code >= 500 && !UPSTREAMS_OWN.test(answer.text) && !allowed.includes(answer.code))
      this.problem(
        `${answer.code} ${call.method ?? "GET"} ${answer.text.slice(0, 300)}`,
        `${path} ${call.headers?.["content-type"] ?? ""} ${String(call.body ?? "")}`,
      );
    return answer;
  }

  /** A request whose answer is cut after its head, or after `ms` without one. */
  async glance(path: string, headers: Readonly<Record<string, string>>, ms: number): Promise<void> {
    const code = await this.#client.glance(path, headers, ms);
    this.#count(code ?? 0);
    if (code !== undefined && code >= 500 && code !== 504) this.problem(`${code} watch`, path);
  }

  #count(code: number): void {
    this.counts.requests++;
    this.counts.codes[code] = (this.counts.codes[code] ?? 0) + 1;
  }

  same(actual: unknown, expected: unknown, what: string): void {
    if (isDeepStrictEqual(actual, expected)) return;
    this.problem(what, `${JSON.stringify(actual)}\nwas ${JSON.stringify(expected)}`);
  }

  problem(what: string, detail: string): void {
    const key = what.replaceAll(/[\w.-]*-\d{3,}|\d{3,}/g, "…");
    if (!this.problems.has(key)) this.problems.set(key, `seed ${this.#seed}: ${what}\n${detail.slice(0, 3_000)}`);
  }
}

export const typedCall = (method: string, type: string, body: string | Uint8Array): Call => ({
  method,
  headers: { "content-type": type },
  body,
});

export const jsonCall = (method: string, body: string | Uint8Array): Call =>
  typedCall(method, "application/json", body);
