// ControllerRevisions: what DaemonSets and StatefulSets remember of their templates.
export {
  type History,
  REVISION_HASH,
  revisionData,
  syncHistory,
  templateOf,
  truncateHistory,
} from "./controller-history.ts";
