import { authorizer } from "./authorizer.ts";
import { formats } from "./formats.ts";
import { jsonPatch } from "./json-patch.ts";
import { lists, sets } from "./lists.ts";
import { networks } from "./network.ts";
import { once } from "./once.ts";
import { operators } from "./operators.ts";
import { optional } from "./optional.ts";
import type { Overload } from "./overload.ts";
import { quantities } from "./quantity.ts";
import { regex } from "./regex.ts";
import { semvers } from "./semver.ts";
import { standard } from "./standard.ts";
import { strings } from "./strings.ts";
import { urls } from "./urls.ts";

const table = once<ReadonlyMap<string, readonly Overload[]>>(() =>
  Map.groupBy(
    [
      ...operators(),
      ...standard(),
      ...strings(),
      ...lists(),
      ...sets(),
      ...optional(),
      ...regex(),
      ...urls(),
      ...quantities(),
      ...networks(),
      ...formats(),
      ...semvers(),
      ...authorizer(),
      ...jsonPatch(),
    ],
    (overload) => overload.fn,
  ),
);

/** All ways to call a function, of the language and of all of Kubernetes' libraries. */
export const functionsNamed = (name: string): readonly Overload[] | undefined => table().get(name);
