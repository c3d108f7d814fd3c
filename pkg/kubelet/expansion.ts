/**
 * Replaces `$(NAME)` by what `lookup` gives; unknown names stay as they are, and `$$` is a literal dollar sign,
 * so that `$$(NAME)` survives as `$(NAME)`.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (lookup(name) ?? whole),
  );
}
