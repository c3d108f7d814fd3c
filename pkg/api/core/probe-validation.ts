import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkEnum, checkNotNegative, type Errors } from "../field-checks.ts";
import { checkPortName, checkPortNumber } from "../names.ts";
import type { HTTPGetAction, Lifecycle, LifecycleHandler, PodOS, Probe } from "../types/core-v1.ts";
import { checkStopSignal } from "./stop-signal-validation.ts";

type Handler = LifecycleHandler & Pick<Probe, "grpc">;
type Kind = "livenessProbe" | "readinessProbe" | "startupProbe";

export function checkProbe(errors: Errors, path: string, kind: Kind, probe: Probe | undefined): void {
  if (probe === undefined) return;
  checkHandler(errors, path, probe as Handler);
  checkNotNegative(errors, `${path}.initialDelaySeconds`, probe.initialDelaySeconds);
  checkNotNegative(errors, `${path}.timeoutSeconds`, probe.timeoutSeconds);
  checkNotNegative(errors, `${path}.periodSeconds`, probe.periodSeconds);
  checkNotNegative(errors, `${path}.successThreshold`, probe.successThreshold);
  checkNotNegative(errors, `${path}.failureThreshold`, probe.failureThreshold);
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && kind === "readinessProbe") {
    errors.push(
      fieldError.invalid(`${path}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes"),
    );
  } else if (grace !== undefined && grace <= 0) {
    errors.push(fieldError.invalid(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than 0"));
  }
  if (kind !== "readinessProbe" && probe.successThreshold !== 1) {
    errors.push(fieldError.invalid(`${path}.successThreshold`, probe.successThreshold, "must be 1"));
  }
}

export function checkLifecycle(
  errors: Errors,
  path: string,
  lifecycle: Lifecycle | undefined,
  os: PodOS | undefined,
): void {
  if (lifecycle?.postStart !== undefined) checkHandler(errors, `${path}.postStart`, lifecycle.postStart);
  if (lifecycle?.preStop !== undefined) checkHandler(errors, `${path}.preStop`, lifecycle.preStop);
  checkStopSignal(errors, `${path}.stopSignal`, lifecycle?.stopSignal, os);
}

function checkHandler(errors: Errors, path: string, handler: Handler): void {
  let count = 0;
  const first = (field: string): boolean => {
    if (++count > 1) errors.push(fieldError.forbidden(`${path}.${field}`, "may not specify more than 1 handler type"));
    return count === 1;
  };
  if (handler.exec !== undefined && first("exec") && (handler.exec.command ?? []).length === 0) {
    errors.push(fieldError.required(`${path}.exec.command`));
  }
  if (handler.httpGet !== undefined && first("httpGet")) checkHttpGet(errors, `${path}.httpGet`, handler.httpGet);
  if (handler.tcpSocket !== undefined && first("tcpSocket")) {
    checkPort(errors, `${path}.tcpSocket.port`, handler.tcpSocket.port);
  }
  if (handler.grpc !== undefined && first("grpc")) checkPort(errors, `${path}.grpc.port`, handler.grpc.port);
  if (handler.sleep !== undefined && first("sleep"))
    checkNotNegative(errors, `${path}.sleep.seconds`, handler.sleep.seconds);
  if (count === 0) errors.push(fieldError.required(path, "must specify a handler type"));
}

function checkHttpGet(errors: Errors, path: string, get: HTTPGetAction): void {
  if (!get.path) errors.push(fieldError.required(`${path}.path`));
  checkPort(errors, `${path}.port`, get.port);
  checkEnum(errors, `${path}.scheme`, get.scheme, ["HTTP", "HTTPS"]);
  for (const header of get.httpHeaders ?? []) {
    if (!/^[-A-Za-z0-9]+$/.test(header.name ?? "")) {
      const why =
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
      errors.push(fieldError.invalid(`${path}.httpHeaders`, header.name, why));
    }
  }
}

/** A number, or the name of a container port. */
export function checkPort(errors: Errors, path: string, port: number | string | undefined): void {
  if (typeof port === "string") addInvalid(errors, path, port, checkPortName(port));
  else addInvalid(errors, path, port ?? 0, checkPortNumber(port ?? 0));
}
