// What is measured, in the order in which it is measured.
import type { ApiMeasurement, HostMeasurement } from "../measurement.ts";
import { apply } from "./apply.ts";
import { create } from "./create.ts";
import { customResources } from "./custom-resources.ts";
import { remove } from "./delete.ts";
import { get } from "./get.ts";
import { idle } from "./idle.ts";
import { list } from "./list.ts";
import { listPods } from "./list-pods.ts";
import { namespaceDelete } from "./namespace-delete.ts";
import { podBurst } from "./pod-burst.ts";
import { podStart } from "./pod-start.ts";
import { schedule } from "./schedule.ts";
import { start } from "./start.ts";
import { update } from "./update.ts";
import { watch } from "./watch.ts";

/** Before any load. `start` leaves the server running. */
export const HOST_MEASUREMENTS: readonly HostMeasurement[] = [start, idle];

export const API_MEASUREMENTS: readonly ApiMeasurement[] = [
  create,
  get,
  update,
  apply,
  remove,
  list,
  listPods,
  watch,
  schedule,
  podStart,
  podBurst,
  namespaceDelete,
  customResources,
];
