import { until } from "#pkg/async/index.ts";
import { CommandError, run } from "#pkg/process/index.ts";
import { type Answer, RawClient } from "../bad-input/raw-client.ts";
import { ControlPlane, findKubectls } from "../lab/index.ts";

/** An object of any kind, read without its type. */
export type Loose = Record<string, any>; // oxlint-disable-line no-explicit-any -- kinds differ

export const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
export const MERGE = "application/merge-patch+json";

export interface Reply {
  readonly code: number;
  readonly body: Loose;
}

/** A control plane, kubectl and raw requests as its administrator. The server can be killed; what asks it stays. */
export class Stage {
  readonly #program: string;
  #server: ControlPlane;
  #raw: RawClient;

  private constructor(program: string, server: ControlPlane, raw: RawClient) {
    this.#program = program;
    this.#server = server;
    this.#raw = raw;
  }

  static async open(): Promise<Stage> {
    const [kubectl] = await findKubectls(["1.33"]);
    if (kubectl === undefined) throw new Error("no kubectl");
    const server = await ControlPlane.start();
    const stage = new Stage(kubectl.program, server, await RawClient.of(server, { keepAlive: true }));
    await until(async () => (await stage.get("/api/v1/namespaces/default/serviceaccounts/default")).code === 200, {
      timeoutMs: 10_000,
      what: "the default service account",
    });
    return stage;
  }

  get port(): number {
    return this.#server.port;
  }

  /** kill -9 and a new server on what is on the disk. `meanwhile` runs while it starts. */
  async killAndStart(meanwhile: (raw: RawClient) => Promise<void>): Promise<void> {
    await this.#server.kill();
    this.#raw.close();
    this.#raw = await RawClient.of(this.#server, { keepAlive: true });
    const [server] = await Promise.all([ControlPlane.start([], this.#server), meanwhile(this.#raw)]);
    this.#server = server;
  }

  async close(): Promise<void> {
    this.#raw.close();
    await this.#server.stop();
  }

  /** What kubectl prints, warnings too. @throws {CommandError} when it fails */
  async kubectl(args: string, input?: string | object, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const words = [...args.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
    const { stdout, stderr } = await run([this.#program, "--kubeconfig", this.#server.kubeconfig, ...words], {
      env: { ...process.env, ...env },
      ...(input === undefined ? {} : { input: typeof input === "string" ? input : JSON.stringify(input) }),
    });
    return stdout + stderr;
  }

  /** What kubectl says when it refuses. */
  async refusal(args: string, input?: string | object): Promise<string> {
    try {
      const out = await this.kubectl(args, input);
      throw new Error(`kubectl ${args} did not fail: ${out}`);
    } catch (err) {
      if (err instanceof CommandError) return err.stderr;
      throw err;
    }
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const answer = await this.#raw.call(path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { code: answer.code, body: bodyOf(answer) };
  }

  async get(path: string): Promise<Reply> {
    return await this.request("GET", path);
  }

  /** The object as it was stored. @throws when the answer is not 2xx */
  async done(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Loose> {
    const { code, body: answer } = await this.request(method, path, body, headers);
    if (code >= 300) throw new Error(`${method} ${path}: ${code} ${JSON.stringify(answer)}`);
    return answer;
  }

  async merge(path: string, patch: object): Promise<Loose> {
    return await this.done("PATCH", path, patch, { "content-type": MERGE });
  }

  /** The first `count` events of a watch. */
  async events(path: string, count: number): Promise<readonly { readonly type: string; readonly object: Loose }[]> {
    const lines = (bytes: Buffer): string[] => bytes.toString().split("\n").slice(0, -1);
    const { code, bytes } = await this.#raw.firstOf(path, {}, (sofar) => lines(sofar).length >= count);
    if (code !== 200) throw new Error(`watch ${path}: ${code} ${bytes.toString()}`);
    return lines(bytes).map((line) => JSON.parse(line));
  }

  async define(crd: { readonly metadata: { readonly name: string } }): Promise<void> {
    await this.done("POST", CRDS, crd);
    await this.established(crd.metadata.name);
  }

  async established(name: string): Promise<void> {
    await this.eventually(`${name} established`, async () => {
      const { body } = await this.get(`${CRDS}/${name}`);
      return isTrue(body, "Established");
    });
  }

  async eventually(what: string, probe: () => Promise<unknown>): Promise<void> {
    await until(async () => Boolean(await probe()), { timeoutMs: 15_000, intervalMs: 30, what });
  }

  async isGone(path: string): Promise<boolean> {
    return (await this.get(path)).code === 404;
  }
}

function bodyOf({ text }: Answer): Loose {
  try {
    return JSON.parse(text) as Loose;
  } catch {
    return { text };
  }
}

/** Of a condition of an object. */
export function isTrue({ status }: Loose, type: string): boolean {
  return status?.conditions?.some((each: Loose) => each["type"] === type && each["status"] === "True") === true;
}

/** A CRD of the group example.com. */
export function definition(plural: string, kind: string, spec: object): Loose & { metadata: { name: string } } {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.example.com` },
    spec: { group: "example.com", scope: "Namespaced", names: { plural, kind }, ...spec },
  };
}

export const object = (properties: Loose, more: Loose = {}): Loose => ({ type: "object", properties, ...more });
export const text = (more: Loose = {}): Loose => ({ type: "string", ...more });
export const integer = (more: Loose = {}): Loose => ({ type: "integer", ...more });
export const list = (items: Loose, more: Loose = {}): Loose => ({ type: "array", items, ...more });
/** A list whose items have names of their own. */
export const named = (properties: Loose, more: Loose = {}): Loose =>
  list(object({ name: text(), ...properties }, { required: ["name"] }), {
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    ...more,
  });
