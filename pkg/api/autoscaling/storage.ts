/**
 * autoscaling/v1 is a view of v2, which is stored. What v1 has no field for travels in upstream's annotations, so that
 * a client that reads and writes v1 loses nothing.
 */
import type { StorageDefinition } from "../definition.ts";
import type { KubeObject } from "../resource-ref.ts";

type Json = Record<string, any>; // oxlint-disable-line no-explicit-any -- both versions pass here as plain JSON

const METRICS = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";

const isCpu = (metric: Json): boolean => metric.type === "Resource" && metric.resource?.name === "cpu";

/** v2 to v1. */
function fromStorage(object: KubeObject): KubeObject {
  const { spec, status, ...rest } = object as Json & KubeObject;
  const { metrics = [], behavior, ...plain } = (spec ?? {}) as Json;
  const { currentMetrics = [], conditions, ...plainStatus } = (status ?? {}) as Json;
  const cpu = (metrics as Json[]).find((m) => isCpu(m) && m.resource.target?.averageUtilization !== undefined);
  const others = (metrics as Json[]).filter((m) => m !== cpu);
  const nowCpu = (currentMetrics as Json[]).find(isCpu)?.resource.current?.averageUtilization;
  const annotations: Record<string, string> = { ...rest.metadata.annotations };
  const keep = (key: string, value: unknown): void => {
    if (Array.isArray(value) ? value.length > 0 : value !== undefined) annotations[key] = JSON.stringify(value);
  };
  keep(METRICS, others.map(metricToV1));
  keep(CURRENT, (currentMetrics as Json[]).map(metricStatusToV1));
  keep(CONDITIONS, conditions);
  keep(BEHAVIOR, behavior);
  return {
    ...rest,
    apiVersion: "autoscaling/v1",
    metadata: { ...rest.metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: {
      ...plain,
      ...(cpu === undefined ? {} : { targetCPUUtilizationPercentage: cpu.resource.target.averageUtilization }),
    },
    status: { ...plainStatus, ...(nowCpu === undefined ? {} : { currentCPUUtilizationPercentage: nowCpu }) },
  } as unknown as KubeObject;
}

/** v1 to v2. */
function toStorage(object: KubeObject): KubeObject {
  const { spec, status, ...rest } = object as Json & KubeObject;
  const { targetCPUUtilizationPercentage: target, ...plain } = (spec ?? {}) as Json;
  const { currentCPUUtilizationPercentage: now, ...plainStatus } = (status ?? {}) as Json;
  const annotations: Record<string, string> = { ...rest.metadata.annotations };
  const take = (key: string): Json[] | Json | undefined => {
    const text = annotations[key];
    delete annotations[key];
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as Json;
    } catch {
      return undefined;
    }
  };
  const others = ((take(METRICS) as Json[] | undefined) ?? []).map(metricToV2);
  const current = ((take(CURRENT) as Json[] | undefined) ?? []).map(metricStatusToV2);
  const conditions = take(CONDITIONS);
  const behavior = take(BEHAVIOR);
  const cpu = (field: Json): Json => ({ type: "Resource", resource: { name: "cpu", ...field } });
  const metrics = [
    ...others,
    ...(target === undefined ? [] : [cpu({ target: { type: "Utilization", averageUtilization: target } })]),
  ];
  if (now !== undefined && !current.some(isCpu)) current.push(cpu({ current: { averageUtilization: now } }));
  const { annotations: _, ...metadata } = rest.metadata;
  return {
    ...rest,
    apiVersion: "autoscaling/v2",
    metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: {
      ...plain,
      // v2's default, which v1 leaves unsaid.
      metrics: metrics.length > 0 ? metrics : [cpu({ target: { type: "Utilization", averageUtilization: 80 } })],
      ...(behavior === undefined ? {} : { behavior }),
    },
    status: {
      ...plainStatus,
      ...(current.length === 0 ? {} : { currentMetrics: current }),
      ...(conditions === undefined ? {} : { conditions }),
    },
  } as unknown as KubeObject;
}

const defined = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The flat form of metrics that v1's annotation holds. */
function metricToV1(metric: Json): Json {
  const { type, resource, pods, object, external, containerResource } = metric;
  const perResource = (m: Json): Json =>
    defined({
      name: m.name,
      container: m.container,
      targetAverageUtilization: m.target?.averageUtilization,
      targetAverageValue: m.target?.averageValue,
    });
  return defined({
    type,
    resource: resource && perResource(resource),
    containerResource: containerResource && perResource(containerResource),
    pods:
      pods &&
      defined({
        metricName: pods.metric.name,
        selector: pods.metric.selector,
        targetAverageValue: pods.target?.averageValue,
      }),
    object:
      object &&
      defined({
        target: object.describedObject,
        metricName: object.metric.name,
        selector: object.metric.selector,
        targetValue: object.target?.value ?? "0",
        averageValue: object.target?.averageValue,
      }),
    external:
      external &&
      defined({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target?.value,
        targetAverageValue: external.target?.averageValue,
      }),
  });
}

function metricToV2(metric: Json): Json {
  const { type, resource, pods, object, external, containerResource } = metric;
  const targetOf = (fields: Json): Json => {
    const { averageUtilization, averageValue } = fields;
    const word =
      averageUtilization !== undefined ? "Utilization" : averageValue !== undefined ? "AverageValue" : "Value";
    return defined({ type: word, ...fields });
  };
  const perResource = (m: Json): Json =>
    defined({
      name: m.name,
      container: m.container,
      target: targetOf({ averageUtilization: m.targetAverageUtilization, averageValue: m.targetAverageValue }),
    });
  return defined({
    type,
    resource: resource && perResource(resource),
    containerResource: containerResource && perResource(containerResource),
    pods: pods && {
      metric: defined({ name: pods.metricName, selector: pods.selector }),
      target: targetOf({ averageValue: pods.targetAverageValue }),
    },
    object: object && {
      describedObject: object.target,
      metric: defined({ name: object.metricName, selector: object.selector }),
      target:
        object.averageValue === undefined
          ? targetOf({ value: object.targetValue })
          : targetOf({ averageValue: object.averageValue }),
    },
    external: external && {
      metric: defined({ name: external.metricName, selector: external.metricSelector }),
      target: targetOf({ value: external.targetValue, averageValue: external.targetAverageValue }),
    },
  });
}

function metricStatusToV1(metric: Json): Json {
  const { type, resource, ...others } = metric;
  if (resource === undefined) return { type, ...others };
  const { averageUtilization, averageValue } = resource.current ?? {};
  const flat = {
    name: resource.name,
    currentAverageUtilization: averageUtilization,
    currentAverageValue: averageValue,
  };
  return { type, resource: defined(flat) };
}

function metricStatusToV2(metric: Json): Json {
  const { type, resource, ...others } = metric;
  if (resource === undefined) return { type, ...others };
  const { currentAverageUtilization: averageUtilization, currentAverageValue: averageValue } = resource;
  return { type, resource: { name: resource.name, current: defined({ averageUtilization, averageValue }) } };
}

const PREFIX = "autoscaling/horizontalpodautoscalers";
export const autoscalingStorage: Readonly<Record<"v1" | "v2", StorageDefinition>> = {
  v1: { prefix: PREFIX, apiVersion: "autoscaling/v2", toStorage, fromStorage },
  v2: { prefix: PREFIX, apiVersion: "autoscaling/v2" },
};
