import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { SEARCH_ATTRIBUTES } from '../contract/names.ts';

type Name = (typeof SEARCH_ATTRIBUTES)[number];

const pair = (name: Name, value: string) => ({
  key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
  value,
});

/** What a child workflow is found by in the Web UI. */
export const searchAttributes = (values: Partial<Record<Name, string>>) =>
  (Object.keys(values) as Name[]).map((name) => pair(name, values[name] ?? ''));

/** Moves this workflow's status attribute: one history event, so at pauses and ends only. */
export const setStatusAttribute = (status: string) =>
  upsertSearchAttributes([pair('AppsyncStatus', status)]);
