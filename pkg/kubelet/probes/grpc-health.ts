import { Client, credentials, Metadata, status } from "@grpc/grpc-js";
import type { ProbeOutcome } from "./prober.ts";

const servingStatuses: Readonly<Record<number, string>> = {
  0: "UNKNOWN",
  1: "SERVING",
  2: "NOT_SERVING",
  3: "SERVICE_UNKNOWN",
};

/** One Check of the gRPC health protocol, v1 (grpc/health/v1/health.proto), without TLS. */
export async function checkGrpcHealth(target: {
  readonly host: string;
  readonly port: number;
  readonly service: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}): Promise<ProbeOutcome> {
  const { host, port, service, timeoutMs, signal } = target;
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.primary_user_agent": "kube-probe/1.36",
    "grpc.enable_http_proxy": 0,
  });
  const metadata = new Metadata();
  try {
    return await new Promise<ProbeOutcome>((resolve, reject) => {
      const call = client.makeUnaryRequest<string, number>(
        "/grpc.health.v1.Health/Check",
        encodeRequest,
        decodeStatus,
        service,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (err, serving) => {
          signal.removeEventListener("abort", cancel);
          if (signal.aborted) reject(signal.reason as Error);
          else if (err !== null) resolve({ result: "failure", output: failureText(err.code, err.details, target) });
          else if (serving === 1) resolve({ result: "success", output: "service healthy" });
          else {
            const word = servingStatuses[serving ?? 0] ?? String(serving);
            resolve({ result: "failure", output: `service unhealthy (responded with "${word}")` });
          }
        },
      );
      const cancel = (): void => call.cancel();
      signal.addEventListener("abort", cancel, { once: true });
    });
  } finally {
    client.close();
  }
}

function failureText(
  code: number,
  details: string,
  target: { readonly host: string; readonly port: number; readonly timeoutMs: number },
): string {
  if (code === status.UNIMPLEMENTED) {
    return "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)";
  }
  if (code === status.DEADLINE_EXCEEDED || code === status.UNAVAILABLE) {
    return `timeout: failed to connect service "${target.host}:${target.port}" within ${target.timeoutMs / 1000}s: ${details}`;
  }
  return `error: health rpc probe failed: ${details}`;
}

/** HealthCheckRequest { string service = 1; } */
function encodeRequest(service: string): Buffer {
  const text = Buffer.from(service);
  if (text.length === 0) return Buffer.alloc(0);
  const length: number[] = [];
  for (let rest = text.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([0x0a, ...length]), text]);
}

/** HealthCheckResponse { ServingStatus status = 1; } */
const decodeStatus = (bytes: Buffer): number => (bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0);
