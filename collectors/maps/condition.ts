import { readFields } from '../../rules/yaml-reader.ts';
import { wrongType } from '../../rules/yaml-report.ts';
import type { YamlEntry, YamlNode } from '../../rules/yaml-tree.ts';
import { readTexts } from '../../rules/yaml-values.ts';
import { type MapContext, readPaths, readTable } from './context.ts';
import { compileExpression } from './convert.ts';
import { compilePath, type Path } from './path.ts';
import type { Scope, Test } from './scope.ts';

/**
 * `when:` a mapping of path → what is expected there (all must hold), or a list of such mappings (one must hold). Expected is a
 * value, a list of values, or one of `{exists}`, `{not}`, `{matches}`, `{codes}`,
 * `{differs_from}`.
 */
export function compileCondition(node: YamlNode, context: MapContext): Test {
  if (node.kind === 'list') {
    const any = node.items.map((item) => compileCondition(item, context));
    return (scope) => any.some((test) => test(scope));
  }
  if (node.kind !== 'map') {
    wrongType(node, context.report, 'when', 'a mapping of fields and values');
    return () => false;
  }
  const tests = node.entries.map((entry) => compileTest(entry, context));
  const [only] = tests;
  if (only !== undefined && tests.length === 1) return only;
  return (scope) => {
    for (const test of tests) if (!test(scope)) return false;
    return true;
  };
}

function compileTest(entry: YamlEntry, context: MapContext): Test {
  const path = compilePath(entry.key, context.item);
  if ('wrong' in path) {
    context.report.error(entry.keyPlace, 'bad-path', path.wrong);
    return () => false;
  }
  if (entry.value.kind === 'map') return compileRelation(entry.value, path, context);
  return isOneOf(path, expected(entry.value, context));
}

/** Values are compared as texts, as they were written: `01` is not `1`, and `true` is the text `true`. */
function expected(node: YamlNode, context: MapContext): readonly string[] {
  const items = node.kind === 'list' ? node.items : [node];
  return items.flatMap((item) => {
    if (item.kind === 'scalar' && item.value !== null)
      return [String(item.value === true || item.value === false ? item.value : item.source)];
    return readTexts(item, context.report, 'when');
  });
}

function isOneOf(path: Path, values: readonly string[]): Test {
  const [only] = values;
  const has = values.length === 1 ? (text: string) => text === only : (text: string) => values.includes(text);
  const found: string[] = [];
  return (scope) => {
    path.addEach(scope, found);
    const met = found.some(has);
    found.length = 0;
    return met;
  };
}

function compileRelation(node: YamlNode, path: Path, context: MapContext): Test {
  const fields = readFields(node, context.report, 'when');
  if (fields === undefined) return () => false;
  const tests: Test[] = [];
  const exists = fields.flag('exists');
  if (exists !== undefined)
    tests.push((scope) => (path.first(scope) !== undefined || path.says(scope)) === exists);
  const not = fields.get('not');
  if (not !== undefined) {
    const test = isOneOf(path, expected(not, context));
    tests.push((scope) => !test(scope));
  }
  const regex = compileExpression(fields.get('matches'), context.report);
  if (regex !== undefined) {
    tests.push((scope: Scope) => {
      const text = path.first(scope);
      return text !== undefined && regex.matcher(text).find();
    });
  }
  const other = fields.get('differs_from');
  if (other !== undefined) {
    const others = readPaths(other, context, 'differs_from');
    tests.push((scope) => {
      const here = path.first(scope);
      return here !== undefined && others.every((there) => there.first(scope) !== here);
    });
  }
  const table = readTable(fields, context);
  if (table !== undefined) {
    tests.push((scope) => {
      const code = path.first(scope);
      return code !== undefined && table.find(code, scope, undefined, undefined) !== undefined;
    });
  }
  if (tests.length === 0 && !context.report.hasErrors) {
    const fix = 'write a value, a list of values, or {exists: true}';
    context.report.error(node.place, 'empty-condition', 'the condition says nothing', fix);
  }
  fields.end();
  const [single] = tests;
  return tests.length === 1 && single !== undefined ? single : (scope) => tests.every((test) => test(scope));
}
