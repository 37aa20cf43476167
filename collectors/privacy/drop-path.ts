/** Names on the way to a private field: `*` is any name, `**` any number of them. Lists on the way are taken element by element. */
export type DropPath = readonly string[];

/** What is still to be found below a place in a message: the rest of every path that leads through it. */
export type DropPaths = readonly DropPath[];

const BRACKETS = /\[[^\]]*\]/g;

/**
 * `consignee.name`, `parties[].email`, `"odd.name".x`, `**.taxId`, `line.@currency`, and `$.x` from the whole message, as in maps; other
 * paths start at each of `records`. What a bracket picks is not looked at: a private field is private in every element. Undefined
 * when the text is no path.
 */
export function parseDropPath(text: string, records: readonly string[]): DropPaths | undefined {
  const steps = stepsOf(text);
  if (steps === undefined || steps.length === 0) return undefined;
  if (steps[0] === '$') return steps.length === 1 ? undefined : [steps.slice(1)];
  const starts = records.length === 0 ? [[]] : records.map((each) => stepsOf(each) ?? []);
  return starts.map((start) => [...(start[0] === '$' ? start.slice(1) : start), ...steps]);
}

function stepsOf(text: string): string[] | undefined {
  const plain = text.trim().replace(BRACKETS, '');
  if (plain === '.') return [];
  const steps = [...plain.matchAll(/(?:^|\.)(?:"([^"]+)"|([^."\s]+))/g)];
  const whole = steps.map(([step]) => step).join('');
  return whole === plain ? steps.map(([, quoted, name]) => quoted ?? name ?? '') : undefined;
}

/** What is below the field `name`: `drop` when a path ends in it. */
export function below(paths: DropPaths, name: string): DropPaths | 'drop' {
  const next: DropPath[] = [];
  for (const path of paths) {
    if (path[0] === '**') next.push(path);
    // Any number of names: none, too.
    const rest = path[0] === '**' ? path.slice(1) : path;
    if (rest[0] !== name && rest[0] !== '*') continue;
    if (rest.length === 1) return 'drop';
    next.push(rest.slice(1));
  }
  return next;
}
