// The typed client of a container runtime: CRI v1 and containerd's task events, over a unix socket.
// Reads proto/cri-v1.proto (or the text it is given); writes nothing.
export type { CallOptions, CriClient, ImageService, RuntimeService, TaskEvent } from "./client-types.ts";
export { type CriClientOptions, createCriClient } from "./create-cri-client.ts";
export {
  type CriCode,
  CriError,
  isCriDeadlineExceeded,
  isCriNotFound,
  isCriUnavailable,
  isCriUnimplemented,
} from "./cri-error.ts";
export type * from "./types.ts";
