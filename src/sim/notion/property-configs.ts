import { seededUuid } from '../seeded.ts';
import { decodedId } from './properties.ts';
import type { NotionProperty } from './properties.ts';
import type { NotionDataSource } from './workspace.ts';

/** The schema of a data source, keyed by name, as `data_sources/{id}` gives it. */
export function propertyConfigs(source: NotionDataSource): Record<string, unknown> {
  const configs: Record<string, unknown> = {};
  for (const property of source.properties) {
    configs[property.name] = {
      id: property.id,
      name: property.name,
      description: null,
      type: property.type,
      [property.type]: config(property, source),
    };
  }
  return configs;
}

function config(property: NotionProperty, source: NotionDataSource): unknown {
  switch (property.type) {
    case 'select':
    case 'multi_select':
      return { options: options(property) };
    case 'status':
      return { options: options(property), groups: groups(property) };
    case 'number':
      return { format: property.format };
    case 'unique_id':
      return { prefix: property.prefix };
    case 'relation':
      return {
        database_id: property.relation?.databaseId,
        data_source_id: property.relation?.dataSourceId,
        type: 'single_property',
        single_property: {},
      };
    case 'formula':
      return { expression: expression(property, source) };
    case 'rollup':
      return rollup(property, source);
    default:
      return {};
  }
}

const options = (property: NotionProperty) =>
  property.options.map(({ id, name, color }) => ({ id, name, color, description: null }));

function groups(property: NotionProperty): unknown[] {
  const ids = property.options.map((option) => option.id);
  const seed = property.slot ?? 1;
  const group = (place: number, name: string, color: string, option_ids: readonly string[]) => ({
    id: seededUuid(seed, 100 + place),
    name,
    color,
    option_ids,
  });
  return [
    group(0, 'To-do', 'gray', ids.slice(0, 1)),
    group(1, 'In progress', 'blue', ids.slice(1, -1)),
    group(2, 'Complete', 'green', ids.slice(1).slice(-1)),
  ];
}

/** Properties appear in expressions as tokens of their id and data source, not by name. */
function expression(property: NotionProperty, source: NotionDataSource): string {
  const operand = source.properties.find((other) => other.type === 'number') ?? property;
  return `{{notion:block_property:${operand.id}:${source.id}:${source.databaseId}}}`;
}

/** The ids inside a rollup's config are decoded, unlike the ids of the properties themselves. */
function rollup(property: NotionProperty, source: NotionDataSource): unknown {
  const relation = source.properties.find((other) => other.type === 'relation');
  return {
    rollup_property_name: 'Name',
    relation_property_name: relation?.name ?? '',
    rollup_property_id: 'title',
    relation_property_id: relation === undefined ? '' : decodedId(relation),
    function: property.rollup,
  };
}
