// Small tools for waiting and cancelling that every component shares. Imports nothing of ours.
export { joinStreams } from "./join-streams.ts";
export { isAbort, sleep, until, type UntilOptions } from "./until.ts";
export { withTimeout } from "./with-timeout.ts";
