import { checkPathSegment } from "#pkg/api/names.ts";
import { ApiError, badRequest } from "#pkg/errors/index.ts";
import { type Registry, unknownResource } from "./registry/index.ts";
import { authorizedInfo } from "./request-info.ts";
import type { Authorizer, Decision, Reply, RequestContext, RequestInfo, Route, UserInfo } from "./types.ts";

export interface PipelineOptions {
  readonly registry: Registry;
  readonly routes: readonly Route[];
  readonly authorizer: Authorizer;
}

/** From an authenticated request to its answer, for every transport: authorize, then the first route, or a resource verb. */
export class Pipeline {
  readonly #options: PipelineOptions;
  /** How often the authorizers said what. */
  readonly decisions = { allow: 0, deny: 0, "no-opinion": 0 };

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** What can be answered at once is: most reads wait for nothing. @throws ApiError, also at once */
  handle(context: RequestContext): Reply | Promise<Reply> {
    const waiting = this.authorize(context.user, authorizedInfo(context.info, context.query));
    return waiting === undefined ? this.answer(context) : waiting.then(() => this.answer(context));
  }

  /** The answer to an authorized request. @throws ApiError, also at once */
  answer(context: RequestContext): Reply | Promise<Reply> {
    const route = this.route(context.info);
    if (route?.connects !== true) return this.#answerOf(route, context);
    return this.admitConnect(context).then(() => this.#answerOf(route, context));
  }

  #answerOf(route: Route | undefined, context: RequestContext): Reply | Promise<Reply> {
    const { info } = context;
    if (route?.handle !== undefined) return route.handle(context);
    if (!info.isResource) throw unknownResource();
    if (NO_NAME.test(info.name)) throw invalidName(info.name);
    return this.#options.registry.handle(context);
  }

  route(info: RequestInfo): Route | undefined {
    return this.#options.routes.find((route) => route.matches(info));
  }

  /** For routes that `connects`, before their stream begins. @throws ApiError */
  async admitConnect(context: RequestContext): Promise<void> {
    await this.#options.registry.admitConnect(context);
  }

  /** Undefined when there is nothing to wait for. @throws 403, also at once */
  authorize(user: UserInfo, info: RequestInfo): Promise<void> | undefined {
    const answer = this.#options.authorizer.authorize(user, info);
    if (answer instanceof Promise) return answer.then((late) => this.#confirm(late, user, info));
    this.#confirm(answer, user, info);
    return undefined;
  }

  #confirm({ decision, reason }: Decision, user: UserInfo, info: RequestInfo): void {
    this.decisions[decision]++;
    if (decision !== "allow") throw forbiddenRequest(user, info, reason);
  }
}

/** Names that could be mistaken for paths. */
const NO_NAME = /[/%]|^\.\.?$/;

const invalidName = (name: string): ApiError =>
  badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${checkPathSegment(name).join(";")}`);

/** Upstream's words for a request that nobody allows. */
export function forbiddenRequest(user: UserInfo, info: RequestInfo, reason: string): ApiError {
  const because = reason === "" ? "" : `: ${reason}`;
  if (!info.isResource)
    return new ApiError(
      403,
      "Forbidden",
      `forbidden: User "${user.name}" cannot ${info.verb} path "${info.path}"${because}`,
      {},
    );
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  const where = info.namespace === "" ? "at the cluster scope" : `in the namespace "${info.namespace}"`;
  const named = info.group === "" ? info.resource : `${info.resource}.${info.group}`;
  const of = info.name === "" ? "" : ` "${info.name}"`;
  return new ApiError(
    403,
    "Forbidden",
    `${named}${of} is forbidden: User "${user.name}" cannot ${info.verb} resource "${resource}" in API group "${info.group}" ${where}${because}`,
    {
      ...(info.name === "" ? {} : { name: info.name }),
      ...(info.group === "" ? {} : { group: info.group }),
      kind: info.resource,
    },
  );
}
