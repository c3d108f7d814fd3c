import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, booleanColumn, column, integerColumn, nameColumn } from "../columns.ts";
import { semanticEqual } from "../equal.ts";
import { checkEnum, checkImmutable, type Errors } from "../field-checks.ts";
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
  if (!storageClass.provisioner) errors.push(fieldError.required("provisioner"));
  checkEnum(errors, "reclaimPolicy", storageClass.reclaimPolicy, ["Delete", "Retain"]);
  checkEnum(errors, "volumeBindingMode", storageClass.volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]);
  for (const key of Object.keys(storageClass.parameters ?? {})) {
    if (key === "") errors.push(fieldError.invalid("parameters", key, "field can not be empty."));
  }
  return errors;
}

function validateClassUpdate(storageClass: StorageClass, old: StorageClass): Errors {
  const errors = validateClass(storageClass);
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
  validate: (driver) => {
    const errors: Errors = [];
    checkEnum(errors, "spec.fsGroupPolicy", driver.spec.fsGroupPolicy, ["File", "None", "ReadWriteOnceWithFSType"]);
    for (const mode of driver.spec.volumeLifecycleModes ?? []) {
      checkEnum(errors, "spec.volumeLifecycleModes", mode, ["Ephemeral", "Persistent"]);
    }
    return errors;
  },
  validateUpdate: (driver, old) => {
    const errors: Errors = [];
    checkImmutable(errors, "spec.attachedRequired", driver.spec.attachRequired, old.spec.attachRequired);
    checkImmutable(
      errors,
      "spec.volumeLifecycleModes",
      driver.spec.volumeLifecycleModes,
      old.spec.volumeLifecycleModes,
    );
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

function validateNode(node: CSINode): Errors {
  const errors: Errors = [];
  const names = new Set<string>();
  for (const [i, driver] of (node.spec.drivers ?? []).entries()) {
    const at = `spec.drivers[${i}]`;
    if (!driver.name) errors.push(fieldError.required(`${at}.name`));
    if (!driver.nodeID) errors.push(fieldError.required(`${at}.nodeID`));
    if (names.has(driver.name)) errors.push(fieldError.duplicate(`${at}.name`, driver.name));
    names.add(driver.name);
  }
  return errors;
}

export const csiNodeStrategy = strategyOf<CSINode>({
  defaults: (node) => {
    node.spec ??= { drivers: [] };
    node.spec.drivers ??= [];
  },
  validate: validateNode,
  validateUpdate: validateNode,
  columns: [
    nameColumn,
    integerColumn("Drivers", "Drivers on the node", (n: CSINode) => (n.spec.drivers ?? []).length),
    ageColumn,
  ],
});

function validateCapacity(capacity: CSIStorageCapacity): Errors {
  return capacity.storageClassName ? [] : [fieldError.required("storageClassName")];
}
export const csiStorageCapacityStrategy = strategyOf<CSIStorageCapacity>({
  validate: validateCapacity,
  validateUpdate: (capacity, old) => {
    const errors = validateCapacity(capacity);
    checkImmutable(errors, "storageClassName", capacity.storageClassName, old.storageClassName);
    checkImmutable(errors, "nodeTopology", capacity.nodeTopology, old.nodeTopology);
    return errors;
  },
  columns: [
    nameColumn,
    column("StorageClassName", "Class it is about", (c: CSIStorageCapacity) => c.storageClassName),
    column("Capacity", "What is left", (c: CSIStorageCapacity) => c.capacity ?? "<unset>"),
  ],
});

function validateAttachment(attachment: VolumeAttachment): Errors {
  const errors: Errors = [];
  const { spec } = attachment;
  if (!spec.attacher) errors.push(fieldError.required("spec.attacher"));
  if (!spec.nodeName) errors.push(fieldError.required("spec.nodeName"));
  if (!spec.source?.persistentVolumeName && spec.source?.inlineVolumeSpec === undefined) {
    errors.push(
      fieldError.required("spec.source", "must specify exactly one of inlineVolumeSpec and persistentVolumeName"),
    );
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
    const errors: Errors = [];
    checkImmutable(errors, "spec", attachment.spec, old.spec);
    return errors;
  },
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
  if (Object.keys(attributes.parameters ?? {}).length === 0) {
    errors.push(fieldError.required("parameters", "must contain at least one key/value pair"));
  }
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
