/**
 * The messages of API objects, from table.json. A message is one line of text, taken apart when it is first used:
 *
 *   "1 name string!,2 volumes []Volume,7 nodeSelector {}string,3  VolumeSource,4 replicas int?"
 *    │ │    │     │   └ a list            └ a map of strings │              │
 *    │ │    │     └ presence, see Presence                   └ no name: an embedded struct, whose fields are the outer
 *    │ │    └ a scalar or a message: a full definition name, or one of the same package          type's own in JSON
 *    │ └ the JSON name
 *    └ the field number
 */
import { FORMS, type Form } from "./forms.ts";

export interface ProtobufTable {
  /** Package of each served group and version, "apps/v1" to "io.k8s.api.apps.v1". */
  readonly groups: Readonly<Record<string, string>>;
  readonly messages: Readonly<Record<string, string>>;
}

/** "int" are int32 and int64; "bytes" are base64 in JSON, "json" are bytes of JSON text, "raw" are bytes as they are. */
export type ScalarType = "string" | "bytes" | "json" | "raw" | "int" | "bool" | "double";

/**
 * What Go's types do with an unset field. "pointer": not written, and zero counts when it is. "value": zero is written, JSON
 * leaves it out. "shown": zero is written, and JSON shows it.
 */
export type Presence = "pointer" | "value" | "shown";

export interface Field {
  readonly number: number;
  readonly name: string;
  readonly shape: "single" | "list" | "map";
  readonly type: ScalarType | "message";
  /** Of the values, where `type` is "message". */
  readonly message: Message | undefined;
  readonly presence: Presence;
}

export interface Message {
  readonly name: string;
  /** In ascending order of their numbers. */
  readonly fields: readonly Field[];
  readonly byNumber: readonly (Field | undefined)[];
  /** Of types whose JSON is not an object of their fields. */
  readonly form: Form | undefined;
}

const SCALARS: ReadonlySet<string> = new Set<ScalarType>(["string", "bytes", "json", "raw", "int", "bool", "double"]);

export class MessageTable {
  readonly #table: ProtobufTable;
  readonly #known = new Map<string, Message>();

  constructor(table: ProtobufTable) {
    this.#table = table;
  }

  /** The package of a group and version; undefined for groups that are not built in. */
  packageOf(apiVersion: string): string | undefined {
    return Object.hasOwn(this.#table.groups, apiVersion) ? this.#table.groups[apiVersion] : undefined;
  }

  get(name: string): Message {
    const message = this.find(name);
    if (message === undefined) throw new Error(`No message "${name}" in the table`);
    return message;
  }

  /** The message of a definition name. */
  find(name: string): Message | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.#table.messages, name)) return undefined;
    const fields: Field[] = [];
    const byNumber: (Field | undefined)[] = [];
    const message = { name, fields, byNumber, form: formOf(name) };
    // Messages hold themselves: known before their fields are.
    this.#known.set(name, message);
    const text = this.#table.messages[name] as string;
    const scope = name.slice(0, name.lastIndexOf(".") + 1);
    for (const part of text === "" ? [] : text.split(",")) fields.push(this.#field(part, scope));
    for (const field of fields) byNumber[field.number] = field;
    return message;
  }

  #field(text: string, scope: string): Field {
    const [number = "", name = "", label = ""] = text.split(" ");
    const shape = label.startsWith("[]") ? "list" : label.startsWith("{}") ? "map" : "single";
    const mark = label.at(-1);
    const presence = mark === "?" ? "pointer" : mark === "!" ? "shown" : "value";
    const type = label.slice(shape === "single" ? 0 : 2, presence === "value" ? undefined : -1);
    const base = { number: Number(number), name, shape, presence } as const;
    if (SCALARS.has(type)) return { ...base, type: type as ScalarType, message: undefined };
    const full = type.includes(".") ? type : scope + type;
    return { ...base, type: "message", message: this.get(full) };
  }
}

function formOf(name: string): Form | undefined {
  const short = name.slice(name.lastIndexOf(".") + 1);
  return Object.hasOwn(FORMS, short) ? FORMS[short] : undefined;
}
