import { withRevision } from "./stored.ts";

const METADATA = '"metadata":{';
const MANAGED_FIELDS = '"managedFields":[';
const PARTIAL = '{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * The text of an object without metadata.managedFields, found in the text as it is: nothing is parsed or encoded. Of a
 * stored text, which has no resourceVersion, the served form when the `revision` is given.
 */
export function withoutManagedFields(text: string, revision?: number): string {
  const found = metadataIn(text);
  if (found === undefined) return revision === undefined ? text : withRevision(text, revision);
  const { from, cutFrom, cutTo } = found;
  const rest = cutTo === 0 ? text.slice(from + 1) : text.slice(from + 1, cutFrom) + text.slice(cutTo);
  return text.slice(0, from + 1) + revisionField(revision) + rest;
}

/**
 * The text of the object's PartialObjectMetadata, without metadata.managedFields. Undefined for a text that does not
 * begin with kind, apiVersion and metadata: that takes decoding. `revision` as above.
 */
export function partialText(text: string, revision?: number): string | undefined {
  const found = metadataIn(text);
  if (found === undefined) return undefined;
  const { from, to, cutFrom, cutTo } = found;
  const rest = cutTo === 0 ? text.slice(from + 1, to) : text.slice(from + 1, cutFrom) + text.slice(cutTo, to);
  return `${PARTIAL}{${revisionField(revision)}${rest}}`;
}

const revisionField = (revision: number | undefined): string =>
  revision === undefined ? "" : `"resourceVersion":"${revision}",`;

/** Where an object's metadata stands in its text, and what to cut from it; `cutTo` is 0 where there is nothing. */
interface MetadataSpan {
  readonly from: number;
  readonly to: number;
  readonly cutFrom: number;
  readonly cutTo: number;
}

/** One pass over the metadata, which is compact JSON. */
function metadataIn(text: string): MetadataSpan | undefined {
  const from = text.indexOf(METADATA) + METADATA.length - 1;
  // The first brace within the object is the metadata's: what is found is no deeper metadata.
  if (from < METADATA.length || text.indexOf("{", 1) !== from) return undefined;
  let cutFrom = 0;
  let cutTo = 0;
  let depth = 1;
  for (let i = from + 1; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE: {
        if (depth === 1 && text.startsWith(MANAGED_FIELDS, i)) cutFrom = i;
        for (let c = text.charCodeAt(++i); c !== QUOTE && i < text.length; c = text.charCodeAt(++i))
          if (c === BACKSLASH) i++;
        break;
      }
      case OPEN:
      case OPEN_LIST:
        depth++;
        break;
      case CLOSE:
      case CLOSE_LIST:
        depth--;
        if (depth === 0) return { from, to: i + 1, cutFrom, cutTo };
        if (depth === 1 && cutFrom > 0 && cutTo === 0) {
          // One of the commas beside it goes with it.
          if (text.charCodeAt(cutFrom - 1) === COMMA) cutFrom--;
          cutTo = text.charCodeAt(cutFrom) !== COMMA && text.charCodeAt(i + 1) === COMMA ? i + 2 : i + 1;
        }
    }
  }
  return undefined;
}
