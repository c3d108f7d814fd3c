import { dump } from "js-yaml";

/** Ends a document whose last text ends with empty lines, which would be lost. */
const END_OF_DOCUMENT = "\n...\n";

/** JSON data as Go writes it: a list stands where its name does, nothing is folded. */
export const renderYaml = (value: unknown): string =>
  dump(value, { noRefs: true, lineWidth: -1, seqNoIndent: true, skipInvalid: true });

/** As `renderYaml`, where more of the document follows. Only the mark of its end begins a line with dots. */
export function renderYamlPart(value: unknown): string {
  const text = renderYaml(value);
  return text.endsWith(END_OF_DOCUMENT) ? text.slice(0, 1 - END_OF_DOCUMENT.length) : text;
}
