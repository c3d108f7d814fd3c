import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, booleanColumn, column, integerColumn, nameColumn } from "../columns.ts";
import { checkVolumeSpec } from "../core/persistent-volume.ts";
import { checkDriverName } from "../core/volume-validation.ts";
import { semanticEqual } from "../equal.ts";
import {
  addInvalid,
  checkEnum,
  checkImmutable,
  checkLabelSelector,
  checkNotNegative,
  checkOptionalEnum,
  type Errors,
  IMMUTABLE,
  NOT_NEGATIVE,
} from "../field-checks.ts";
import { checkDnsSubdomain, checkQualifiedName } from "../names.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from "../types/storage-v1.ts";

function validateClass(storageClass: StorageClass): Errors {
  const errors: Errors = [];
  const { provisioner = "" } = storageClass as Partial<StorageClass>;
  if (provisioner === "") errors.push(fieldError.required("provisioner"));
  else addInvalid(errors, "provisioner", provisioner, checkQualifiedName(provisioner.toLowerCase()));
  checkParameters(errors, storageClass.parameters);
  checkOptionalEnum(errors, "reclaimPolicy", storageClass.reclaimPolicy, ["Delete", "Retain"]);
  checkEnum(errors, "volumeBindingMode", storageClass.volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]);
  for (const [i, { matchLabelExpressions = [] }] of (storageClass.allowedTopologies ?? []).entries()) {
    for (const [j, { key, values }] of matchLabelExpressions.entries()) {
      const at = `allowedTopologies[${i}].matchLabelExpressions[${j}]`;
      const all: readonly string[] = values ?? [];
      if (all.length === 0) errors.push(fieldError.required(`${at}.values`));
      for (const [k, value] of all.entries()) {
        if (all.indexOf(value) < k) errors.push(fieldError.duplicate(`${at}.values[${k}]`, value));
      }
      addInvalid(errors, `${at}.key`, key, checkQualifiedName(key ?? ""));
    }
  }
  return errors;
}

const MAX_PARAMETERS = 512;
const MAX_PARAMETERS_BYTES = 256 * 1024;

function checkParameters(errors: Errors, parameters: Readonly<Record<string, string>> | undefined): void {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > MAX_PARAMETERS) {
    errors.push(fieldError.tooLong("parameters", MAX_PARAMETERS));
    return;
  }
  let size = 0;
  for (const [key, value] of entries) {
    if (key === "") errors.push(fieldError.invalid("parameters", key, "field can not be empty."));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > MAX_PARAMETERS_BYTES) errors.push(fieldError.tooLong("parameters", MAX_PARAMETERS_BYTES));
}

function validateClassUpdate(storageClass: StorageClass, old: StorageClass): Errors {
  const errors: Errors = [];
  for (const field of ["parameters", "provisioner", "reclaimPolicy"] as const) {
    if (!semanticEqual(storageClass[field], old[field])) {
      errors.push(fieldError.forbidden(field, `updates to ${field} are forbidden.`));
    }
  }
  checkImmutable(errors, "volumeBindingMode", storageClass.volumeBindingMode, old.volumeBindingMode);
  return errors;
}

export const storageClassStrategy = strategyOf<StorageClass>({
  defaults: (storageClass) => {
    storageClass.reclaimPolicy ??= "Delete";
    storageClass.volumeBindingMode ??= "Immediate";
  },
  validate: validateClass,
  validateUpdate: validateClassUpdate,
  columns: [
    {
      ...nameColumn,
      value: (c: StorageClass) =>
        c.metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true"
          ? `${c.metadata.name} (default)`
          : c.metadata.name,
    },
    column("Provisioner", "Who makes its volumes", (c: StorageClass) => c.provisioner),
    column("ReclaimPolicy", "What becomes of them", (c: StorageClass) => c.reclaimPolicy ?? "Delete"),
    column("VolumeBindingMode", "When claims are bound", (c: StorageClass) => c.volumeBindingMode ?? "Immediate"),
    column("AllowVolumeExpansion", "Whether they can grow", (c: StorageClass) => c.allowVolumeExpansion ?? false),
    ageColumn,
  ],
});

const LEAST_TOKEN_SECONDS = 600;
const MOST_TOKEN_SECONDS = 2 ** 32;
const LEAST_UPDATE_SECONDS = 10;

function validateDriver(driver: CSIDriver): Errors {
  const errors: Errors = [];
  const { spec } = driver;
  checkDriverName(errors, "metadata.name", driver.metadata.name);
  checkOptionalEnum(errors, "spec.fsGroupPolicy", spec.fsGroupPolicy, ["File", "None", "ReadWriteOnceWithFSType"]);
  const audiences = new Set<string>();
  for (const [i, { audience = "", expirationSeconds }] of (spec.tokenRequests ?? []).entries()) {
    const at = `spec.tokenRequests[${i}]`;
    if (audiences.has(audience)) errors.push(fieldError.duplicate(`${at}.audience`, audience));
    audiences.add(audience);
    if (expirationSeconds === undefined) continue;
    if (expirationSeconds < LEAST_TOKEN_SECONDS) {
      const why = "may not specify a duration less than 10 minutes";
      errors.push(fieldError.invalid(`${at}.expirationSeconds`, expirationSeconds, why));
    } else if (expirationSeconds > MOST_TOKEN_SECONDS) {
      const why = "may not specify a duration larger than 2^32 seconds";
      errors.push(fieldError.invalid(`${at}.expirationSeconds`, expirationSeconds, why));
    }
  }
  for (const mode of spec.volumeLifecycleModes ?? []) {
    checkOptionalEnum(errors, "spec.volumeLifecycleModes", mode, ["Ephemeral", "Persistent"]);
  }
  const seconds = spec.nodeAllocatableUpdatePeriodSeconds;
  if (seconds !== undefined && seconds < LEAST_UPDATE_SECONDS) {
    const why = `must be greater than or equal to ${LEAST_UPDATE_SECONDS} seconds`;
    errors.push(fieldError.invalid("spec.nodeAllocatableUpdatePeriodSeconds", seconds, why));
  }
  return errors;
}

export const csiDriverStrategy = strategyOf<CSIDriver>({
  defaults: (driver) => {
    driver.spec ??= {};
    const { spec } = driver;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ["Persistent"];
  },
  validate: validateDriver,
  validateUpdate: (driver, old) => {
    const errors = validateDriver(driver);
    const { spec } = driver;
    checkImmutable(errors, "spec.attachedRequired", spec.attachRequired, old.spec.attachRequired);
    checkImmutable(errors, "spec.volumeLifecycleModes", spec.volumeLifecycleModes, old.spec.volumeLifecycleModes);
    return errors;
  },
  columns: [
    nameColumn,
    booleanColumn("AttachRequired", "Whether volumes are attached first", (d: CSIDriver) => d.spec.attachRequired),
    booleanColumn("PodInfoOnMount", "Whether it is told the pod", (d: CSIDriver) => d.spec.podInfoOnMount),
    booleanColumn("StorageCapacity", "Whether it reports capacity", (d: CSIDriver) => d.spec.storageCapacity),
    column(
      "TokenRequests",
      "Audiences of tokens it gets",
      (d: CSIDriver) => (d.spec.tokenRequests ?? []).map((t) => t.audience).join(",") || "<unset>",
    ),
    booleanColumn("RequiresRepublish", "Whether it is called again", (d: CSIDriver) => d.spec.requiresRepublish),
    column(
      "Modes",
      "Lifecycles of its volumes",
      (d: CSIDriver) => (d.spec.volumeLifecycleModes ?? []).join(",") || "<none>",
    ),
    ageColumn,
  ],
});

const MAX_NODE_ID = 192;

function validateNode(node: CSINode): Errors {
  const errors: Errors = [];
  const names = new Set<string>();
  for (const [i, driver] of (node.spec.drivers ?? []).entries()) {
    const at = `spec.drivers[${i}]`;
    if (!driver.name) errors.push(fieldError.required(`${at}.name`));
    checkDriverName(errors, `${at}.name`, driver.name);
    if (!driver.nodeID) errors.push(fieldError.required(`${at}.nodeID`));
    else if (driver.nodeID.length > MAX_NODE_ID) {
      const why = `must be ${MAX_NODE_ID} characters or less`;
      errors.push(fieldError.invalid(`${at}.nodeID`, driver.nodeID, why));
    }
    checkNotNegative(errors, `${at}.allocatable.count`, driver.allocatable?.count);
    const keys = driver.topologyKeys ?? [];
    for (const [j, key] of keys.entries()) {
      if (key === "") errors.push(fieldError.required(`${at}.topologyKeys[${j}]`));
      if (keys.indexOf(key) < j) errors.push(fieldError.duplicate(`${at}.topologyKeys[${j}]`, key));
      addInvalid(errors, `${at}.topologyKeys[${j}]`, key, checkQualifiedName(key));
    }
    if (names.has(driver.name)) errors.push(fieldError.duplicate(`${at}.name`, driver.name));
    names.add(driver.name);
  }
  return errors;
}

/** A driver that is there stays as it is, besides what it can take now. */
function validateNodeUpdate(node: CSINode, old: CSINode): Errors {
  const errors = validateNode(node);
  for (const before of old.spec.drivers ?? []) {
    const now = node.spec.drivers?.find(({ name }) => name === before.name);
    if (now === undefined) continue;
    const { allocatable: _n, ...kept } = now;
    const { allocatable: _o, ...was } = before;
    if (!semanticEqual(kept, was)) errors.push(fieldError.invalid("CSINodeDriver", now, IMMUTABLE));
  }
  return errors;
}

export const csiNodeStrategy = strategyOf<CSINode>({
  defaults: (node) => {
    node.spec ??= { drivers: [] };
    node.spec.drivers ??= [];
  },
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  columns: [
    nameColumn,
    integerColumn("Drivers", "Drivers on the node", (n: CSINode) => (n.spec.drivers ?? []).length),
    ageColumn,
  ],
});

function validateCapacity(capacity: CSIStorageCapacity): Errors {
  const errors: Errors = [];
  const { storageClassName = "" } = capacity as Partial<CSIStorageCapacity>;
  addInvalid(errors, "storageClassName", storageClassName, checkDnsSubdomain(storageClassName));
  checkLabelSelector(errors, "nodeTopology", capacity.nodeTopology);
  for (const field of ["capacity", "maximumVolumeSize"] as const) {
    if (capacity[field]?.startsWith("-") === true) {
      errors.push(fieldError.invalid(field, capacity[field], NOT_NEGATIVE));
    }
  }
  return errors;
}
export const csiStorageCapacityStrategy = strategyOf<CSIStorageCapacity>({
  validate: validateCapacity,
  validateUpdate: (capacity, old) => {
    const errors = validateCapacity(capacity);
    checkImmutable(errors, "nodeTopology", capacity.nodeTopology, old.nodeTopology);
    checkImmutable(errors, "storageClassName", capacity.storageClassName, old.storageClassName);
    return errors;
  },
  columns: [
    nameColumn,
    column("StorageClassName", "Class it is about", (c: CSIStorageCapacity) => c.storageClassName),
    column("Capacity", "What is left", (c: CSIStorageCapacity) => c.capacity ?? "<unset>"),
  ],
});

const ONE_SOURCE = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";

function validateAttachment(attachment: VolumeAttachment): Errors {
  const errors: Errors = [];
  const { attacher = "", nodeName = "", source } = attachment.spec as Partial<VolumeAttachment["spec"]>;
  if (attacher === "") errors.push(fieldError.required("spec.attacher"));
  else addInvalid(errors, "spec.attacher", attacher, checkQualifiedName(attacher.toLowerCase()));
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source ?? {};
  const at = "spec.source";
  if (inline === undefined && name === undefined) errors.push(fieldError.required(at, ONE_SOURCE));
  else if (inline !== undefined && name !== undefined) errors.push(fieldError.forbidden(at, ONE_SOURCE));
  else if (inline !== undefined) checkVolumeSpec(errors, `${at}.inlineVolumeSpec`, inline, true);
  else if (name === "") {
    errors.push(fieldError.required(`${at}.persistentVolumeName`, "must specify non empty persistentVolumeName"));
  }
  addInvalid(errors, "spec.nodeName", nodeName, checkDnsSubdomain(nodeName));
  return errors;
}
const MAX_MESSAGE = 1024;

function validateAttachmentStatus(attachment: VolumeAttachment): Errors {
  const errors: Errors = [];
  for (const field of ["attachError", "detachError"] as const) {
    if (Buffer.byteLength(attachment.status?.[field]?.message ?? "") > MAX_MESSAGE) {
      errors.push(fieldError.tooLong(`status.${field}.message`, MAX_MESSAGE));
    }
  }
  return errors;
}

export const volumeAttachmentStrategy = strategyOf<VolumeAttachment>({
  ...separateStatus<VolumeAttachment>(() => ({ attached: false })),
  defaults: (attachment) => {
    attachment.spec ??= {} as typeof attachment.spec;
  },
  validate: validateAttachment,
  validateUpdate: (attachment, old) => {
    const errors = validateAttachment(attachment);
    checkImmutable(errors, "spec", attachment.spec, old.spec);
    return errors;
  },
  validateStatusUpdate: validateAttachmentStatus,
  columns: [
    nameColumn,
    column("Attacher", "Driver that attaches it", (a: VolumeAttachment) => a.spec.attacher),
    column("PV", "Volume", (a: VolumeAttachment) => a.spec.source?.persistentVolumeName ?? ""),
    column("Node", "Node it is attached to", (a: VolumeAttachment) => a.spec.nodeName),
    booleanColumn("Attached", "Whether it is", (a: VolumeAttachment) => a.status?.attached ?? false),
    ageColumn,
  ],
});

function validateAttributes(attributes: VolumeAttributesClass): Errors {
  const errors: Errors = [];
  if (!attributes.driverName) errors.push(fieldError.required("driverName"));
  checkDriverName(errors, "driverName", attributes.driverName);
  if (Object.keys(attributes.parameters ?? {}).length === 0) {
    errors.push(fieldError.required("parameters", "must contain at least one key/value pair"));
  }
  checkParameters(errors, attributes.parameters);
  return errors;
}
export const volumeAttributesClassStrategy = strategyOf<VolumeAttributesClass>({
  validate: validateAttributes,
  validateUpdate: (attributes, old) => {
    const errors = validateAttributes(attributes);
    for (const field of ["driverName", "parameters"] as const) {
      if (!semanticEqual(attributes[field], old[field])) {
        errors.push(fieldError.forbidden(field, `updates to ${field} are forbidden.`));
      }
    }
    return errors;
  },
  columns: [
    nameColumn,
    column("DriverName", "Whose attributes they are", (c: VolumeAttributesClass) => c.driverName),
    ageColumn,
  ],
});
