import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Server, ServerCredentials, type ServiceDefinition, status } from "@grpc/grpc-js";
import { createCriClient } from "./create-cri-client.ts";
import { type CriClient, isCriDeadlineExceeded, isCriNotFound, isCriUnimplemented } from "./index.ts";
import { parseProto } from "./grpc-channel.ts";

/** A runtime that knows one container, on a socket of its own. */
async function startRuntime(dir: string): Promise<Server> {
  const root = parseProto(await readFile(new URL("../../proto/cri-v1.proto", import.meta.url), "utf8"));
  const runtime = root.lookupService("runtime.v1.RuntimeService");
  const definition: Record<string, ServiceDefinition[string]> = {};
  for (const name of ["ContainerStatus", "ExecSync"]) {
    const method = runtime.methods[name];
    assert.ok(method);
    const [request, response] = [
      root.lookupType(`runtime.v1.${method.requestType}`),
      root.lookupType(`runtime.v1.${method.responseType}`),
    ];
    definition[name] = {
      path: `/runtime.v1.RuntimeService/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: (value: object) => Buffer.from(request.encode(request.fromObject(value)).finish()),
      requestDeserialize: (bytes: Buffer) => request.toObject(request.decode(bytes), { longs: Number }),
      responseSerialize: (value: object) => Buffer.from(response.encode(response.fromObject(value)).finish()),
      responseDeserialize: (bytes: Buffer) => response.decode(bytes),
    };
  }
  const server = new Server();
  server.addService(definition, {
    ContainerStatus: (
      call: { request: { containerId: string } },
      answer: (err: object | null, value?: object) => void,
    ) => {
      if (call.request.containerId !== "known") answer({ code: status.NOT_FOUND, details: "no such container" });
      else
        answer(null, {
          status: { id: "known", state: "CONTAINER_EXITED", createdAt: 1_700_000_000_000_000_000, exitCode: 3 },
        });
    },
    // Never answers: the caller's deadline ends it.
    ExecSync: () => undefined,
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${join(dir, "cri.sock")}`, ServerCredentials.createInsecure(), (err) =>
      err ? reject(err) : resolve(),
    );
  });
  return server;
}

describe("createCriClient", () => {
  let dir: string;
  let server: Server;
  let cri: CriClient;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "minik-cri-"));
    server = await startRuntime(dir);
    cri = await createCriClient({ endpoint: `unix://${join(dir, "cri.sock")}` });
  });
  after(async () => {
    cri.close();
    server.forceShutdown();
    await rm(dir, { recursive: true });
  });

  it("gives enums as names, int64 as numbers, zero values, and leaves unset messages out", async () => {
    const { status: found } = await cri.runtime.containerStatus({ containerId: "known" });
    assert.equal(found?.state, "CONTAINER_EXITED");
    assert.equal(found?.createdAt, 1_700_000_000_000_000_000);
    assert.equal(found?.finishedAt, 0);
    assert.ok(found !== undefined && !("metadata" in found));
  });

  it("rejects with the runtime's code and words", async () => {
    await assert.rejects(cri.runtime.containerStatus({ containerId: "x" }), (err: Error) => {
      assert.ok(isCriNotFound(err));
      assert.equal(err.message, "rpc error: code = NotFound desc = no such container");
      return true;
    });
    await assert.rejects(cri.runtime.version({}), isCriUnimplemented);
  });

  it("gives up at the deadline and when the signal aborts", async () => {
    await assert.rejects(cri.runtime.execSync({}, { timeoutMs: 20 }), isCriDeadlineExceeded);
    const stop = new AbortController();
    const call = cri.runtime.execSync({}, { signal: stop.signal });
    stop.abort();
    await assert.rejects(call, { name: "AbortError" });
  });
});
