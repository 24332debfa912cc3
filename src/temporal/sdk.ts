import { createRequire } from 'node:module';
import type * as Sdk from '@temporalio/client';
import type * as Common from '@temporalio/common';
import type * as EnvConfig from '@temporalio/envconfig';
import type * as Proto from '@temporalio/proto';

// The SDK is CommonJS. To import it, Node reads and parses most of its files once more for the names that they export,
// which takes half as long again as loading it does.
const require = createRequire(import.meta.url);

/** Temporal's client, as `import` would give it. */
export const {
  Client,
  Connection,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcServiceError,
} = require('@temporalio/client') as typeof Sdk;

export const {
  ApplicationFailure,
  DefaultFailureConverter,
  SearchAttributeType,
  defaultFailureConverter,
  defaultPayloadConverter,
  defineSearchAttributeKey,
} = require('@temporalio/common') as typeof Common;

export const { loadClientConnectConfig } = require('@temporalio/envconfig') as typeof EnvConfig;

/** Messages of Temporal's API. */
export const { temporal: messages } = require('@temporalio/proto') as typeof Proto;
