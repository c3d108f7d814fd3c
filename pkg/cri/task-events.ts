import type { TaskEvent } from "./client-types.ts";
import { type GrpcChannel, parseProto } from "./grpc-channel.ts";

/**
 * containerd's own event stream, the part that is needed here. containerd 1.6 has no CRI events. Every task event has
 * the container's id as its field 1; TaskExit has the process' id as field 2 (an exec's differs from the container's).
 */
const eventsProto = `
syntax = "proto3";
package containerd.services.events.v1;
service Events { rpc Subscribe(SubscribeRequest) returns (stream Envelope); }
message SubscribeRequest { repeated string filters = 1; }
message Envelope { string namespace = 2; string topic = 3; Any event = 4; }
message Any { string type_url = 1; bytes value = 2; }
message TaskExit { string container_id = 1; string id = 2; }
`;

interface Envelope {
  readonly namespace: string;
  readonly topic: string;
  readonly event?: { readonly typeUrl: string; readonly value: Uint8Array };
}

/** Containers' starts, exits and OOM kills in CRI's namespace; events of exec'd processes are left out. */
export async function* taskEvents(channel: GrpcChannel, signal: AbortSignal): AsyncIterable<TaskEvent> {
  const root = parseProto(eventsProto);
  const service = root.lookupService("containerd.services.events.v1.Events");
  const exit = root.lookupType("containerd.services.events.v1.TaskExit");
  const filters = ["start", "exit", "oom"].map((name) => `namespace==k8s.io,topic=="/tasks/${name}"`);
  for await (const envelope of channel.stream<object, Envelope>(service, "Subscribe", { filters }, signal)) {
    if (envelope.event === undefined) continue;
    const fields = decodeIds(exit.decode.bind(exit), envelope.topic, envelope.event.value);
    if (fields !== undefined) yield { topic: envelope.topic, containerId: fields };
  }
}

function decodeIds(decode: (bytes: Uint8Array) => unknown, topic: string, bytes: Uint8Array): string | undefined {
  if (topic === "/tasks/exit") {
    const event = decode(bytes) as { containerId: string; id: string };
    return event.id === event.containerId ? event.containerId : undefined;
  }
  return firstField(bytes);
}

/** Field 1 as a string: tag 0x0a, one or two bytes of length, the text. Ids are 64 hex digits. */
function firstField(bytes: Uint8Array): string | undefined {
  const length = bytes[1];
  if (bytes[0] !== 0x0a || length === undefined || length > 127) return undefined;
  return Buffer.from(bytes.subarray(2, 2 + length)).toString("utf8");
}
