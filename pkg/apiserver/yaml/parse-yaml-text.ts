import {
  CORE_SCHEMA,
  constructFromEvents,
  defineScalarTag,
  type Event,
  EVENT_ID,
  floatCoreTag,
  getScalarValue,
  mergeTag,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from "js-yaml";

const MAX_DEPTH = 1000;
/** As large as a body may be: with aliases a text may say no more than it could say without them. */
const MAX_EXPANDED = 3 << 20;
const SURROGATE = /(?<!\\)(?:\\\\)*\\(?:u|U0000)[dD][89a-fA-F]/;
/** More keys that are there twice are not named. */
const MAX_REPORTED = 100;

export interface ParsedYaml {
  /** JSON data. */
  readonly value: unknown;
  /** Go's words for keys that a mapping has more than once. */
  readonly duplicates: string | undefined;
}

/** The first document of a YAML text as JSON data. @throws Error with the line and what is wrong there */
export function parseYamlText(text: string): ParsedYaml {
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const lines = new Inspection(text, events).run();
    const [value = null] = constructFromEvents(events, { source: text, schema: jsonSchema(), json: true });
    return { value, duplicates: lines.length === 0 ? undefined : `yaml: unmarshal errors:\n${lines.join("\n")}` };
  } catch (err) {
    if (!(err instanceof YAMLException)) throw err;
    const { reason, mark } = err;
    throw new Error(mark === undefined ? reason : `line ${mark.line + 1}: ${reason}`, { cause: err });
  }
}

/** YAML's core schema and merge keys, without the numbers that JSON has not. */
function jsonSchema(): typeof CORE_SCHEMA {
  const float = defineScalarTag<number>(floatCoreTag.tagName, {
    ...floatCoreTag,
    resolve(source, isExplicit, tagName) {
      const value = floatCoreTag.resolve(source, isExplicit, tagName);
      if (value === NOT_RESOLVED || Number.isFinite(value)) return value;
      throw new Error(`json: unsupported value: ${source}`);
    },
  });
  return CORE_SCHEMA.withTags(mergeTag, float);
}

type Scalar = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;

interface Frame {
  /** The keys of a mapping so far; undefined in a sequence. */
  readonly keys: Set<string> | undefined;
  readonly anchor: string | undefined;
  /** In a mapping: the next node is a key. */
  isKey: boolean;
  /** Characters, with aliases written out. */
  size: number;
}

/** Looks through the events of a text for keys given twice, and for aliases that stand for too much, before anything is made of them. */
class Inspection {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #frames: Frame[] = [];
  /** Expanded sizes; undefined while the anchored node is still open. */
  readonly #anchors = new Map<string, number | undefined>();
  readonly #lines: string[] = [];
  #hasAliases = false;
  #line = 1;
  #lineEnd = 0;

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  /** Lines for the keys that are there twice. @throws Error for aliases */
  run(): readonly string[] {
    for (const event of this.#events) {
      if (event.type === EVENT_ID.SCALAR) {
        if (this.#frames.at(-1)?.isKey === true) this.#key(event);
        this.#checkEscapes(event);
        const size = event.valueEnd - event.valueStart + 1;
        const anchor = this.#anchor(event);
        if (anchor !== undefined) this.#anchors.set(anchor, size);
        this.#add(size);
      } else if (event.type === EVENT_ID.ALIAS) {
        this.#hasAliases = true;
        this.#add(this.#sizeOf(this.#anchor(event) ?? ""));
      } else if (event.type === EVENT_ID.POP) {
        const { size, anchor } = this.#frames.pop() as Frame;
        if (anchor !== undefined) this.#anchors.set(anchor, size);
        this.#add(size);
      } else {
        const isMap = event.type === EVENT_ID.MAPPING;
        const anchor = event.type === EVENT_ID.DOCUMENT ? undefined : this.#anchor(event);
        if (anchor !== undefined) this.#anchors.set(anchor, undefined);
        this.#frames.push({ keys: isMap ? new Set() : undefined, isKey: isMap, anchor, size: 2 });
      }
    }
    return this.#lines;
  }

  /** Escapes are of whole characters; JSON's pairs of surrogates are none. */
  #checkEscapes({ style, valueStart, valueEnd }: Scalar): void {
    if (style === SCALAR_STYLE.DOUBLE_QUOTED && SURROGATE.test(this.#text.slice(valueStart, valueEnd)))
      throw new Error("found invalid Unicode character escape code");
  }

  #add(size: number): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    frame.size += size;
    if (this.#hasAliases && frame.size > MAX_EXPANDED) throw new Error("document contains excessive aliasing");
    if (frame.keys !== undefined) frame.isKey = !frame.isKey;
  }

  #anchor({ anchorStart, anchorEnd }: { anchorStart: number; anchorEnd: number }): string | undefined {
    return anchorStart < 0 ? undefined : this.#text.slice(anchorStart, anchorEnd);
  }

  #sizeOf(anchor: string): number {
    const size = this.#anchors.get(anchor);
    if (size !== undefined) return size;
    throw new Error(
      this.#anchors.has(anchor) ? `anchor '${anchor}' value contains itself` : `unknown anchor '${anchor}' referenced`,
    );
  }

  #key(event: Scalar): void {
    const { keys } = this.#frames.at(-1) as Frame;
    const key = getScalarValue(this.#text, event);
    if (keys === undefined || (key === "<<" && event.style === SCALAR_STYLE.PLAIN)) return;
    if (keys.has(key) && this.#lines.length < MAX_REPORTED)
      this.#lines.push(`  line ${this.#lineOf(event.valueStart)}: key ${JSON.stringify(key)} already set in map`);
    keys.add(key);
  }

  /** Positions are asked for in the order of the text. */
  #lineOf(position: number): number {
    for (;;) {
      const end = this.#text.indexOf("\n", this.#lineEnd);
      if (end < 0 || end >= position) return this.#line;
      this.#line++;
      this.#lineEnd = end + 1;
    }
  }
}
